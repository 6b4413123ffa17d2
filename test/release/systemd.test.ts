/**
 * The Debian package under systemd itself: installed into a Debian that has booted beside the machine, started, reloaded, killed,
 * stopped, as its service. Tries the files of TORHAUS_DIST.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type BootedDebian,
  bootDebian,
  enterArguments,
  makeCgroup,
  removeCgroup,
  whyNotBooted,
} from '../../devkit/machine/booted-debian.ts'
import { runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { debianBase } from '../../devkit/release/debian-base.ts'
import { samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'

const made = process.env.TORHAUS_DIST
const dist = made === undefined ? '' : resolve(made)
const skip = made === undefined ? 'takes minutes: with TORHAUS_DIST only' : (whyNotBooted() ?? false)
const NODE = '/usr/lib/torhaus/node_modules/.bin/node'
const [PORT, ADMIN, ORIGIN, NOBODY] = [8080, 9090, 7001, 7002]
const WATCHDOG_S = 6
/** `/slow` is answered once somebody asks for `/go`; `/waiting` tells how many are held. */
const ORIGIN_SERVER = `const held = [];
require('node:http').createServer(({ url }, response) => {
  if (url === '/slow') return held.push(response);
  response.end(url === '/waiting' ? String(held.length) : 'hello');
  if (url === '/go') for (const one of held.splice(0)) one.end('hello');
}).listen(${ORIGIN}, '127.0.0.1')`
const askOrigin = async (path: string) => {
  const program = `fetch('http://127.0.0.1:${ORIGIN}${path}').then(async answer => console.log(await answer.text()))`
  return (await machine.run(NODE, '-e', program)).trim()
}
/** Prints status and content. */
const ask = (path: string) => `fetch('http://127.0.0.1:${PORT}${path}', { headers: { Authorization: 'Basic ' +
  Buffer.from(':${samplePat}').toString('base64') } }).then(async r => console.log(r.status, await r.text()), e => console.log(e.message))`

let work = ''
let root = ''
let machine: BootedDebian
let goodConfig = ''

before(async () => {
  if (skip !== false) return
  work = mkdtempSync(join(tmpdir(), 'torhaus-systemd-test-'))
  root = join(work, 'debian')
  // Made in that folder where there is none yet, which goes afterwards.
  const base = await debianBase(work, ['systemd', 'dbus', 'procps'])
  mkdirSync(root)
  await runCommand('tar', ['--numeric-owner', '-xf', base, '-C', root], { timeoutMs: 120_000 })
  const deb = readdirSync(dist).find(name => name.endsWith('.deb')) ?? 'nothing.deb'
  copyFileSync(join(dist, deb), join(root, 'torhaus.deb'))
})
after(async () => {
  await machine?.[Symbol.asyncDispose]()
  if (work !== '') rmSync(work, { recursive: true, force: true })
})

test('the guard lets nothing run from which the machine can be seen', { skip }, async () => {
  const ran = join(work, 'ran')
  const guard = resolve(import.meta.dirname, '../../devkit/machine/guard.sh')
  const plain = await tryCommand('sh', [guard, 'token', work, 'touch', ran])
  assert.deepEqual([plain.code, plain.stderr], [91, 'guard: this root is not the one that was made for it\n'])
  const cgroup = makeCgroup('guard')
  try {
    const enter = (witness: string) =>
      tryCommand('sh', enterArguments({ root, witness, cgroup }, ['cat', '/proc/self/mountinfo']))
    // A folder that this root has as well stands for one that can still be seen.
    const seen = await enter('/usr')
    assert.deepEqual([seen.code, seen.stderr], [91, 'guard: /usr of the machine is in sight\n'])
    const { code, stdout } = await enter(work)
    assert.equal(code, 0)
    assert.equal(stdout.trim().split('\n').length, 11)
  } finally {
    await removeCgroup(cgroup)
  }
})

test('systemd boots, and the package installs without starting anything', { skip }, async () => {
  machine = await bootDebian(root, work)
  await machine.run('dpkg', '--install', '/torhaus.deb')
  assert.match((await machine.try('systemctl', 'is-active', 'torhaus')).stdout, /^inactive/)
  const conf = join(work, 'conf')
  mkdirSync(conf)
  const upstreamUrl = `http://127.0.0.1:${ORIGIN}`
  const issuer = `http://127.0.0.1:${NOBODY}`
  const setting = { port: PORT, adminPort: ADMIN, upstreamUrl, issuer, clientSecret: 'secret', directory: conf }
  await writeTorhausConfig(setting, usual => ({
    ...usual,
    listener: { ...usual.listener, drainTimeoutMs: 20_000 },
    upstream: { url: upstreamUrl, identity: { kind: 'none' } },
    session: { encryptionKeyFiles: usual.session.encryptionKeyFiles },
  }))
  goodConfig = readFileSync(join(conf, 'torhaus.yaml'), 'utf8')
  await runCommand('sh', ['-c', 'cp "$1"/* "$2"', 'sh', conf, join(root, 'etc/torhaus')])
  await machine.run('sh', '-c', 'chown root:torhaus /etc/torhaus/* && chmod 640 /etc/torhaus/*')
  await machine.run('systemd-run', '--unit', 'origin', NODE, '-e', ORIGIN_SERVER)
})

const configure = (text: string) => writeFileSync(join(root, 'etc/torhaus/torhaus.yaml'), text)
const property = async (name: string) =>
  (await machine.run('systemctl', 'show', 'torhaus', '--value', '-p', name)).trim()
const journal = () => machine.run('journalctl', '-u', 'torhaus', '--no-pager', '-o', 'cat')
const answer = async (path: string) => (await machine.run(NODE, '-e', ask(path))).trim()

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 40_000; !(await isSo()); await sleep(250))
    assert.ok(performance.now() < deadline, what)
}

test('a broken configuration fails the start, says why in the journal, and is not tried again', { skip }, async () => {
  configure(`${goodConfig}nonsense: 1\n`)
  assert.equal((await machine.try('systemctl', 'start', 'torhaus')).code, 1)
  assert.deepEqual([await property('ActiveState'), await property('NRestarts')], ['failed', '0'])
  assert.match(await journal(), /torhaus\.yaml:\d+: nonsense: is not an option of Torhaus/)
})

test('a start returns when the first request can be answered, and the store is where the unit has it', {
  skip,
}, async () => {
  configure(goodConfig)
  await machine.run('systemctl', 'start', 'torhaus')
  assert.equal(await answer('/page'), '200 hello')
  assert.match(await machine.run('stat', '-c', '%U %a', '/var/lib/torhaus/torhaus.sqlite'), /^torhaus 600$/m)
  const status = await machine.run('cat', `/proc/${await property('MainPID')}/status`)
  assert.match(status, /^CapBnd:\t0+$/m)
  assert.match(status, /^Seccomp:\t2$/m)
})

test('a reload takes the new configuration with new workers; the supervisor stays', { skip }, async () => {
  const supervisor = await property('MainPID')
  const workers = async () => (await machine.run('pgrep', '-P', supervisor)).trim()
  const before = await workers()
  await machine.run('systemctl', 'reload', 'torhaus')
  await until('there are new workers', async () => {
    const now = await workers()
    return now !== '' && !before.split('\n').some(pid => now.split('\n').includes(pid))
  })
  assert.equal(await property('MainPID'), supervisor)
  assert.equal(await answer('/page'), '200 hello')
})

test('a supervisor that is killed is started again', { skip }, async () => {
  const supervisor = await property('MainPID')
  await machine.run('kill', '-KILL', supervisor)
  await until(
    'it is back',
    async () => (await property('NRestarts')) === '1' && (await property('ActiveState')) === 'active',
  )
  assert.notEqual(await property('MainPID'), supervisor)
  assert.equal(await answer('/page'), '200 hello')
})

test('a supervisor that stands still is found by the watchdog, and started again', { skip }, async () => {
  mkdirSync(join(root, 'etc/systemd/system/torhaus.service.d'), { recursive: true })
  const shorter = `[Service]\nWatchdogSec=${WATCHDOG_S}\nTimeoutAbortSec=5\n`
  writeFileSync(join(root, 'etc/systemd/system/torhaus.service.d/watchdog.conf'), shorter)
  await machine.run('systemctl', 'daemon-reload')
  await machine.run('systemctl', 'restart', 'torhaus')
  // Heartbeats keep it well beyond its time.
  await sleep(2 * WATCHDOG_S * 1000)
  assert.equal(await property('NRestarts'), '0')
  const supervisor = await property('MainPID')
  await machine.run('kill', '-STOP', supervisor)
  await until(
    'it is back',
    async () => (await property('NRestarts')) === '1' && (await property('ActiveState')) === 'active',
  )
  assert.notEqual(await property('MainPID'), supervisor)
  assert.match(await journal(), /Watchdog timeout/)
  assert.equal(await answer('/page'), '200 hello')
})

test('a stop lets what is under way finish', { skip }, async () => {
  const slow = answer('/slow')
  await until('the request is at the server', async () => (await askOrigin('/waiting')) === '1')
  await machine.run('systemctl', 'stop', '--no-block', 'torhaus')
  await until('it is told to stop', async () => (await property('ActiveState')) === 'deactivating')
  await askOrigin('/go')
  assert.equal(await slow, '200 hello')
  await until('it has stopped', async () => (await property('ActiveState')) === 'inactive')
  assert.equal(await property('Result'), 'success')
})
