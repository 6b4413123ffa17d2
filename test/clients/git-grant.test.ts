/**
 * A real git with one factor: a confirmed fetch clones, a push is asked for by itself, and nothing else passes as git.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { confirmAt } from '../../devkit/clients/own-forms.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { runGit } from '../../devkit/origin/git-client.ts'
import { type ClientLab, curl, startClientLab } from './client-lab.ts'

let lab: ClientLab
let remote: string
let token: string

before(async () => {
  lab = await startClientLab()
  token = await lab.bearer({ acr: 'urn:torhaus:acr:pwd', amr: ['pwd'] })
  remote = lab.remoteWith('OAUTH_USER', token)
})
after(() => lab.close())

const git = (folder: string, ...args: string[]) =>
  runGit(args, { directory: join(lab.devops.directory, folder), environment: { HOME: lab.devops.directory } })

/** What git printed names a link; a person confirms at it. Returns the page that asked. */
async function confirmPrinted(printed: string): Promise<string> {
  const link = /https?:\/\/\S+\/\.torhaus\/confirm\/[A-Z2-7-]{9}/.exec(printed)?.[0]
  assert.ok(link, printed)
  const browser = new BrowserClient()
  await signIn(browser, `${lab.torhaus.url}/.torhaus/`, lab.torhaus.users.ada)
  const { text } = await browser.get(link)
  assert.match((await confirmAt(browser, link, lab.torhaus.users.ada)).text, /Run the command again/)
  return text
}

test('git clones once the fetch is confirmed, and pushes once the push is', async () => {
  const refused = await git('.', 'clone', '--quiet', remote, 'granted')
  assert.notEqual(refused.status, 0)
  assert.match(await confirmPrinted(refused.stderr), /read repositories/)
  await lab.git('.', 'clone', '--quiet', remote, 'granted')
  await lab.git('granted', 'commit', '--quiet', '--allow-empty', '-m', 'Granted')
  const push = ['push', '--quiet', 'origin', 'HEAD:refs/heads/granted']
  const denied = await git('granted', ...push)
  assert.notEqual(denied.status, 0)
  assert.match(await confirmPrinted(denied.stderr), /read and change repositories/)
  await lab.git('granted', ...push)
  await lab.git('granted', 'fetch', '--quiet')
})

test('whoever says it is git, with what was confirmed for git, reaches nothing but repositories', async () => {
  const { devops } = lab
  const as = ['--user-agent', 'git/2.50.1', '--header', `Authorization: Bearer ${token}`]
  for (const [method, path, code] of [
    ['DELETE', '/DefaultCollection/_apis/projects/1', 'grant-out-of-scope'],
    ['GET', '/DefaultCollection/_apis/projects', 'grant-out-of-scope'],
    ['POST', '/DefaultCollection/_apis/tokens/pats', 'lasting-right-refused'],
    ['POST', '/api/v1/user/keys', 'lasting-right-refused'],
  ] as const) {
    const rest = devops.origin.requests.rest
    const { status, content } = await curl(...as, '--request', method, lab.torhaus.url + path)
    assert.equal(status, 403, path)
    assert.match(content, new RegExp(code))
    assert.equal(devops.origin.requests.rest, rest)
  }
})
