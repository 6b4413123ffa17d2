/** The credential helper: a real git signs in by device authorization (RFC 8628), a person confirms with TOTP. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { connectDevice } from '../../devkit/op/connect-device.ts'
import type { Page } from '../../devkit/op/user-agent.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { type ClientLab, startClientLab } from './client-lab.ts'

const HELPER = join(import.meta.dirname, '../../src/routes/torhaus-credential.mjs')
const TIMEOUT_MS = 180_000

let lab: ClientLab
let helper: string[]
before(async () => {
  lab = await startClientLab()
  const { issuer } = lab.torhaus.op
  helper = [HELPER, '--issuer', issuer, '--client-id', agreed.deviceClientId, '--acr-values', secondFactorAcr]
})
after(() => lab.close())

const environment = () => ({
  ...{ PATH: process.env.PATH, HOME: lab.devops.directory, LC_ALL: 'C.UTF-8' },
  ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
})

function start(program: string, args: readonly string[], input?: string): ChildProcess {
  const child = spawn(program, args, { env: environment(), timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
  child.stdin?.end(input)
  return child
}

/** Waits for the link and the code, then does what they ask, with both factors; resolves with all of both outputs. */
async function finish(child: ChildProcess): Promise<{ stdout: string; stderr: string; status: number | null }> {
  assert.ok(child.stdout && child.stderr)
  const stdout = text(child.stdout)
  const exit = once(child, 'exit') as Promise<[number | null]>
  let stderr = ''
  let connected: Promise<Page> | undefined
  for await (const chunk of child.stderr) {
    stderr += chunk
    const [, link, code] = /open (\S+)\n.*the code (\S+)\n/.exec(stderr) ?? []
    if (link !== undefined && code !== undefined) connected ??= connectDevice(link, code, lab.torhaus.users.ada)
  }
  if (connected !== undefined) assert.match((await connected).text, /Device connected/)
  return { stdout: await stdout, stderr, status: (await exit)[0] }
}

test('git shows the link of the helper, and passes once the person has signed in with TOTP', async () => {
  const command = [process.execPath, ...helper].map(part => `'${part}'`).join(' ')
  const settings = ['-c', 'credential.helper=', '-c', `credential.helper=!${command}`]
  const { stdout, stderr, status } = await finish(start('git', [...settings, 'ls-remote', lab.gitUrl]))
  assert.equal(status, 0, stderr)
  assert.match(stdout, /refs\/heads\//)
  const record = await lab.torhaus.logged(entry => entry['torhaus.admitted_by'] === 'second-factor')
  assert.deepEqual([record['user.name'], record['torhaus.scheme']], ['ada', 'bearer'])
})

test('a git that knows no authtype gets the token as a password, with its end', async () => {
  const child = start(process.execPath, [...helper, 'get'], 'protocol=http\nhost=devops.example\n\n')
  const { stdout, status } = await finish(child)
  assert.equal(status, 0)
  const [, token = ''] = /^username=oauth2\npassword=(\S+)\npassword_expiry_utc=\d+\n$/.exec(stdout) ?? []
  const authorization = `Basic ${Buffer.from(`oauth2:${token}`).toString('base64')}`
  const answer = await fetch(`${lab.gitUrl}/info/refs?service=git-upload-pack`, { headers: { authorization } })
  assert.equal(answer.status, 200)
})

test('the helper keeps nothing, and sends nothing over plain http to another computer', async () => {
  for (const operation of ['store', 'erase']) {
    const child = start(process.execPath, [...helper, operation], 'protocol=http\npassword=secret\n\n')
    assert.deepEqual(await finish(child), { stdout: '', stderr: '', status: 0 })
  }
  const elsewhere = ['--issuer', 'http://idp.example', '--client-id', 'git', 'get']
  const { status, stderr } = await finish(start(process.execPath, [HELPER, ...elsewhere], '\n'))
  assert.equal(status, 1)
  assert.match(stderr, /not https/)
})
