import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runGit } from '../../devkit/origin/git-client.ts'
import { type ClientLab, startClientLab } from './client-lab.ts'

let lab: ClientLab

before(async () => {
  lab = await startClientLab()
})
after(() => lab.close())

const nowS = () => Math.floor(Date.now() / 1000)

async function assertCloned(folder: string): Promise<void> {
  assert.ok((await readFile(join(lab.devops.directory, folder, 'README.md'), 'utf8')).length > 0)
}

/** Clones as somebody who must fail, and says what git printed. */
async function refusedClone(remote: string, ...configuration: string[]): Promise<string> {
  const args = [...configuration.flatMap(setting => ['-c', setting]), 'clone', '--quiet', remote, 'refused']
  const run = await runGit(args, { directory: lab.devops.directory })
  assert.notEqual(run.status, 0)
  return run.stderr
}

test('git clones with a personal access token typed as the password', async () => {
  await lab.git('.', 'clone', '--quiet', lab.remoteWith('ada', lab.pat), 'by-pat')
  await assertCloned('by-pat')
})

test('git clones with an access token of the OP as the password, as credential managers send it', async () => {
  await lab.git('.', 'clone', '--quiet', lab.remoteWith('OAUTH_USER', await lab.bearer()), 'by-token')
  await assertCloned('by-token')
})

test('git clones as build agents do: an extra header with the scheme in lower case', async () => {
  const token = await lab.bearer()
  const basic = Buffer.from(`:${lab.pat}`).toString('base64')
  for (const [name, credentials] of Object.entries({ agent: `bearer ${token}`, job: `basic ${basic}` })) {
    await lab.git('.', '-c', `http.extraheader=AUTHORIZATION: ${credentials}`, 'clone', '--quiet', lab.gitUrl, name)
    await assertCloned(name)
  }
})

test('git clones with a token of the server itself, which passes untouched', async () => {
  const token = await lab.devops.origin.issueServerToken('build')
  await lab.git(
    '.',
    '-c',
    `http.extraheader=AUTHORIZATION: bearer ${token}`,
    'clone',
    '-q',
    lab.gitUrl,
    'by-server-token',
  )
  await assertCloned('by-server-token')
})

test('with an expired token git prints what is wrong and what to do, and fails', async () => {
  const expired = await lab.bearer({ iat: nowS() - 7200, exp: nowS() - 3600 })
  const printed = await refusedClone(lab.remoteWith('OAUTH_USER', expired))
  assert.match(printed, /remote: Torhaus: The access token has expired\./)
  assert.match(printed, /bearer-expired/)
  assert.ok(!printed.includes(expired.slice(-40)), 'the signature of the token is not shown')
})

test('with a token of one factor git prints where to go, and gets a 403, at which it keeps its credentials', async () => {
  const oneFactor = await lab.bearer({ acr: 'urn:torhaus:acr:pwd', amr: ['pwd'] })
  const printed = await refusedClone(lab.remoteWith('OAUTH_USER', oneFactor))
  assert.match(printed, /remote: Torhaus: A sign-in with a second factor is needed\./)
  assert.match(printed, new RegExp(`remote: +${RegExp.escape(lab.torhaus.url)}/\\.torhaus/confirm/[A-Z2-7-]{9}\\n`))
  assert.match(printed, /error: 403/)
})

test('with a directory password git prints that a token is needed', async () => {
  const printed = await refusedClone(lab.remoteWith('ada', 'correct horse'))
  assert.match(printed, /remote: Torhaus: A directory password is not accepted here\./)
})

test('without credentials git is asked for them, and never redirected', async () => {
  const printed = await refusedClone(lab.gitUrl)
  assert.match(printed, /could not read Username|terminal prompts disabled/)
})

test('http.emptyAuth, which sends an empty user first, is challenged like no credentials at all', async () => {
  const remote = new URL(lab.gitUrl)
  remote.username = 'ada'
  remote.password = lab.pat
  await lab.git('.', '-c', 'http.emptyAuth=true', 'clone', '--quiet', remote.href, 'empty-auth')
  await assertCloned('empty-auth')
})
