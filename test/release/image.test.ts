/**
 * The image of a release in a container engine as somebody without rights on the machine runs it: rootless podman of Debian,
 * read-only, without capabilities. Tries the files of TORHAUS_DIST.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { firstRequest } from './first-request.ts'

const made = process.env.TORHAUS_DIST
const dist = made === undefined ? '' : resolve(made)
const archive = dist === '' ? undefined : readdirSync(dist).find(name => name.endsWith('-oci.tar'))
const skip = archive === undefined && 'needs an image: with TORHAUS_DIST only'
const version = /^torhaus-(.+)-oci\.tar$/.exec(archive ?? '')?.[1]
const image = `localhost/torhaus:${version}`

/** Whoever runs the engine, and the numbers they have for those in it: 10001 of the image is 310000 outside. */
const [USER, FIRST, COUNT] = [20_000, 300_000, 65_536]
const IN_IMAGE = 10_001
const outside = FIRST + IN_IMAGE - 1
/** Nothing more than the deployment page says. */
const STRICT = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--ulimit', 'core=0']

/**
 * In a mount namespace of its own, whose mounts go with it: the account, which the machine need not have, a folder at run time,
 * and cgroups of version 2 alone, which the engine wants, and does without. No limit is set by them here.
 */
const AS_SOMEBODY = `
set -e
umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
for name in passwd group subuid subgid; do [ -e "/etc/$name" ] || touch "/etc/$name"; mount --bind "$1/etc/$name" "/etc/$name"; done
mount -t tmpfs -o mode=0755 none /run && mkdir -m 700 /run/engine && chown ${USER}:${USER} /run/engine
home=$1 && shift && cd "$home/home" && code=0
setpriv --reuid ${USER} --regid ${USER} --clear-groups env -i HOME="$home/home" PATH=/usr/bin:/bin \
  XDG_RUNTIME_DIR=/run/engine podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend none "$@" || code=$?
# It keeps the user namespace for the next call, which has another folder at run time.
kill "$(cat /run/engine/libpod/tmp/pause.pid)"
exit "$code"
`

/** Of any of its threads. */
const childrenOf = (pid: number) =>
  readdirSync(`/proc/${pid}/task`)
    .map(thread => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'))
    .flatMap(list => list.split(' ').filter(Boolean).map(Number))

/**
 * Signals go to the engine in the user namespace. The one outside of it, whose child it is, ends as the container has, but may
 * end at a signal before it has handed that on (podman 4.3), and leave the container behind.
 */
function signalledWithin(launched: ChildProcess): ChildProcess {
  launched.kill = signal => {
    let within = launched.pid ?? assert.fail('it was not launched')
    for (let [child] = childrenOf(within); child !== undefined; [child] = childrenOf(child)) within = child
    assert.match(readFileSync(`/proc/${within}/cmdline`, 'utf8'), /^podman\0/)
    return process.kill(within, signal)
  }
  return launched
}

let work = ''
let loadedSeconds = 0
const engine = (...args: string[]) => [
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-c',
  AS_SOMEBODY,
  'sh',
  work,
  ...args,
]
const inContainer = (options: readonly string[], ...command: string[]) =>
  engine('run', '--rm', '--network', 'host', '--cgroups', 'disabled', ...STRICT, ...options, image, ...command)

before(async () => {
  if (skip !== false) return
  await ensureDebianPackages(['podman', 'crun', 'uidmap'])
  work = mkdtempSync(join(tmpdir(), 'torhaus-image-test-'))
  // Others may walk through, not look around.
  chmodSync(work, 0o711)
  for (const name of ['etc', 'home']) mkdirSync(join(work, name), { mode: 0o755 })
  await runCommand('chown', [`${USER}:${USER}`, join(work, 'home')])
  for (const name of ['passwd', 'group']) copyFileSync(join('/etc', name), join(work, 'etc', name))
  appendFileSync(join(work, 'etc/passwd'), `somebody:x:${USER}:${USER}::${work}/home:/bin/sh\n`)
  appendFileSync(join(work, 'etc/group'), `somebody:x:${USER}:\n`)
  for (const name of ['subuid', 'subgid']) writeFileSync(join(work, 'etc', name), `somebody:${FIRST}:${COUNT}\n`)
  copyFileSync(join(dist, archive ?? ''), join(work, 'image.tar'))
  const startMs = performance.now()
  await runCommand('unshare', engine('load', '--quiet', '--input', join(work, 'image.tar')), { timeoutMs: 300_000 })
  loadedSeconds = (performance.now() - startMs) / 1000
})
after(() => work !== '' && rmSync(work, { recursive: true, force: true }))

test('the image says its version, and its name has it', { skip }, async () => {
  const said = await runCommand('unshare', inContainer([], 'version'))
  assert.ok(said.startsWith(`Torhaus ${version}, Node `), said)
})

test('in it nobody is root, has a capability, or can write anywhere but to /data', { skip }, async () => {
  const script =
    'id -u; grep CapBnd /proc/self/status; for f in / /opt/torhaus /etc /data; do touch $f/x 2>/dev/null && echo $f; done'
  const { stdout } = await tryCommand('unshare', inContainer(['--entrypoint', 'sh'], '-c', script))
  assert.deepEqual(stdout.trim().split('\n'), [`${IN_IMAGE}`, 'CapBnd:\t0000000000000000', '/data'])
})

test('it lets the first request through, with its store on /data, and stops by SIGTERM', { skip }, async t => {
  const folder = join(work, 'configuration')
  const seconds = await firstRequest(folder, configFile => {
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o440)
    const script = 'chown -R "$1:$1" "$2" && shift 2 && exec unshare "$@"'
    const options = ['--volume', `${folder}:${folder}:ro`, '--volume', 'torhaus-data:/data']
    const started = inContainer(options, 'start', '--config', configFile)
    return signalledWithin(spawn('sh', ['-c', script, 'sh', `${outside}`, folder, ...started]))
  })
  t.diagnostic(`loaded in ${loadedSeconds.toFixed(1)} s; first answer ${seconds.toFixed(1)} s after the start`)
  const list = ['--entrypoint', 'ls', '--volume', 'torhaus-data:/data']
  assert.match(await runCommand('unshare', inContainer(list, '/data')), /^torhaus\.sqlite$/m)
})
