import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'

const MAIN = join(import.meta.dirname, '../../devkit/lab/main.ts')
const STOP_MS = 90_000
const SILENCE_TRIES = 100
const SILENCE_POLL_MS = 100

/** The lab makes its files in here, so that the tests see whether they go. */
let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-lab-test-'))
  // Apache's workers run as another user and must get through.
  await runCommand('chmod', ['711', directory])
})
after(() => rm(directory, { recursive: true, force: true }))

function runLab(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const env = { ...process.env, TMPDIR: directory, ...environment }
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  const status = new Promise<number | null>(resolve => child.once('close', resolve))
  const firstLine = new Promise<string>(resolve => {
    let line = ''
    child.stdout.on('data', chunk => {
      line += chunk
      if (line.includes('\n')) resolve(line.slice(0, line.indexOf('\n')))
    })
    child.stdout.once('end', () => resolve(''))
  })
  const ended = Promise.all([status, text(child.stderr)])
  return { child, firstLine, ended }
}

/** Ends with status 0 within bounds, with no file left; whatever happens, the process is gone. */
async function stopsCleanly(child: ChildProcess, ended: Promise<[number | null, string]>, signal: NodeJS.Signals) {
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill(signal)
  const [status, stderr] = await ended
  clearTimeout(killer)
  assert.equal(status, 0, stderr)
  assert.deepEqual(await readdir(directory), [])
}

type Facts = {
  readonly [name in
    | 'proxy'
    | 'admin'
    | 'resolve'
    | 'krb5Config'
    | 'realm'
    | 'whoami'
    | 'gitUrl'
    | 'origin'
    | 'boundOrigin'
    | 'kdcCounter']: string
} & {
  readonly users: Readonly<
    Record<'alice' | 'bob' | (string & {}), Record<'password' | 'totpSecret' | 'bearer', string>>
  >
}

const NAMES = ['proxy', 'admin', 'resolve', 'krb5Config', 'realm', 'users', 'whoami', 'gitUrl', 'origin', 'boundOrigin']

async function tryOut(facts: Facts, firstFactorIsEnough: boolean): Promise<void> {
  const { resolve, whoami, users, krb5Config } = facts
  const curl = (...args: string[]) => runCommand('curl', ['--silent', '--resolve', resolve, ...args])
  const env = { PATH: process.env.PATH, KRB5_CONFIG: krb5Config, KRB5CCNAME: `FILE:${join(directory, 'ccache')}` }
  const [alice, bob] = ['{"account":"alice@CORP.TEST"}\n', '{"account":"bob@CORP.TEST"}\n']
  await runCommand('kinit', ['alice'], { env, input: `${users.alice.password}\n` })
  const byTicket = () => tryCommand('curl', ['--silent', '--negotiate', '-u:', '--resolve', resolve, whoami], { env })
  const byPassword = () => curl('-u', `bob:${users.bob.password}`, whoami)
  if (firstFactorIsEnough) {
    assert.equal((await byTicket()).stdout, alice)
    assert.equal(await byPassword(), bob)
  } else {
    for (const refusal of [(await byTicket()).stdout, await byPassword()])
      assert.match(refusal, new RegExp(`${RegExp.escape(facts.proxy)}/\\.torhaus/confirm/`))
  }
  assert.equal(await curl('-H', `Authorization: Bearer ${users.bob.bearer}`, whoami), bob)
  assert.match(await curl('-u', `:${'a'.repeat(52)}`, '-o', '/dev/null', '-w', '%{http_code}', whoami), /401/)
  for (const origin of [facts.origin, facts.boundOrigin]) assert.equal((await fetch(`${origin}/whoami`)).status, 401)
  const clone = join(directory, 'clone')
  const settings = ['-c', 'http.emptyAuth=true', '-c', `http.curloptResolve=${resolve}`]
  const git = await tryCommand('git', [...settings, 'clone', '--quiet', facts.gitUrl, clone], { env })
  if (firstFactorIsEnough) assert.equal(git.code, 0, git.stderr)
  else assert.match(git.stderr, /^remote: .*\/\.torhaus\/confirm\//m)
  const counted = (await (await fetch(facts.kdcCounter)).json()) as { as: number; tgs: number }
  assert.ok(counted.as > 0 && counted.tgs > 0)
  assert.equal((await fetch(`${facts.admin}/readyz`)).status, 200)
  for (const name of ['clone', 'ccache']) await rm(join(directory, name), { recursive: true, force: true })
}

for (const firstFactorIsEnough of [false, true]) {
  const options = firstFactorIsEnough ? ['--json', '--first-factor'] : ['--json']
  test(`the lab with ${options.join(' ')} prints one JSON line, works as it says, and SIGTERM leaves no listener and no file`, async () => {
    const [port, adminPort] = await freePorts()
    const { child, firstLine, ended } = runLab(options, { PORT: `${port}`, ADMIN_PORT: `${adminPort}` })
    try {
      const line = await firstLine
      if (line === '') assert.fail((await ended)[1])
      const facts: Facts = JSON.parse(line)
      assert.deepEqual(Object.keys(facts), [...NAMES, 'kdcCounter'])
      assert.equal(facts.proxy, `http://proxy.corp.test:${port}`)
      assert.equal(facts.admin, `http://127.0.0.1:${adminPort}`)
      await tryOut(facts, firstFactorIsEnough)
      await stopsCleanly(child, ended, 'SIGTERM')
      const addresses = [`http://127.0.0.1:${port}`, facts.admin, facts.origin, facts.boundOrigin, facts.kdcCounter]
      for (const address of addresses) await assert.rejects(fetch(address), TypeError, `${address} still answers`)
    } finally {
      child.kill('SIGKILL')
    }
  })
}

test('the lab with --kdcs has the KDCs in that order, and twenty accounts that nobody has used get in beside the one that is silent', async () => {
  const [port, adminPort] = await freePorts()
  const environment = { PORT: `${port}`, ADMIN_PORT: `${adminPort}` }
  const { child, firstLine, ended } = runLab(['--first-factor', '--kdcs', 'silent,live', '--json'], environment)
  try {
    const line = await firstLine
    if (line === '') assert.fail((await ended)[1])
    const { users, resolve, whoami, kdcCounter, admin }: Facts = JSON.parse(line)
    const counted = async () => (await (await fetch(kdcCounter)).json()) as { as: number; tgs: number }
    const { tgs: before } = await counted()
    const unused = Object.entries(users).filter(([name]) => name !== 'alice' && name !== 'bob')
    assert.equal(unused.length, 20)
    const answers = unused.map(([, { bearer }]) =>
      runCommand('curl', ['--silent', '--resolve', resolve, '-H', `Authorization: Bearer ${bearer}`, whoami]),
    )
    assert.deepEqual(
      await Promise.all(answers),
      unused.map(([name]) => `{"account":"${name}@CORP.TEST"}\n`),
    )
    // For each a ticket in their name, and one for the server; the first KDC has answered none.
    assert.ok((await counted()).tgs - before >= 40)
    const ready = (await (await fetch(`${admin}/readyz`)).json()) as { parts: Readonly<Record<string, string>> }
    const kdcs = Object.entries(ready.parts).filter(([part]) => part.startsWith('kdc '))
    assert.deepEqual(kdcs.map(([, last]) => last).sort(), ['answered', 'silent'])
    await stopsCleanly(child, ended, 'SIGTERM')
  } finally {
    child.kill('SIGKILL')
  }
})

test('a KDC that behaves as none does is refused in one sentence, with 2, in either spelling', async () => {
  for (const args of [['--kdcs', 'silent,gone'], ['--kdcs=toString'], ['--kdcs']]) {
    const [status, stderr] = await runLab(args, {}).ended
    const sentence = '--kdcs takes a list of live, silent, refusing, dropping, lying, slow, such as silent,live.\n'
    assert.deepEqual([status, stderr], [2, sentence])
  }
})

test('a signal while the lab starts ends it with status 0 and nothing left behind', async () => {
  const [port, adminPort] = await freePorts()
  const { child, ended } = runLab(['--json'], { PORT: `${port}`, ADMIN_PORT: `${adminPort}` })
  await new Promise(resolve => child.stderr?.once('data', resolve))
  await stopsCleanly(child, ended, 'SIGINT')
})

test('a lab that is killed outright takes its programs with it', async () => {
  const [port, adminPort] = await freePorts()
  const { child, firstLine, ended } = runLab(['--json'], { PORT: `${port}`, ADMIN_PORT: `${adminPort}` })
  const facts: Facts = JSON.parse(await firstLine)
  child.kill('SIGKILL')
  await ended
  for (const address of [facts.admin, facts.origin, facts.kdcCounter]) await assertFallsSilent(address)
  // A process that is killed cannot remove its files.
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true })
})

/** The programs learn of it from the kernel, and Torhaus lets requests in flight finish first. */
async function assertFallsSilent(address: string): Promise<void> {
  for (let tries = 0; tries < SILENCE_TRIES; tries++) {
    const answers = await fetch(address).then(
      response => response.body?.cancel().then(() => true) ?? true,
      () => false,
    )
    if (!answers) return
    await sleep(SILENCE_POLL_MS)
  }
  assert.fail(`${address} still answers`)
}

test('an option that does not exist is refused in one sentence, with 2', async () => {
  const [status, stderr] = await runLab(['--jsn'], {}).ended
  assert.deepEqual(
    [status, stderr],
    [2, 'The lab does not know --jsn; it takes --json, --first-factor and --kdcs only.\n'],
  )
})
