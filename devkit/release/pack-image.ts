/** An OCI image, by buildah: a Debian of debootstrap, the staged folder, a user without rights; nothing runs while building. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../realm/run-command.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { packLayer } from './archives.ts'
import { debianBase } from './debian-base.ts'
import type { ReleaseSource } from './source.ts'

const TIMEOUT_MS = 590_000
/** No user of the machine has it, as a rule, and files that are mounted can be given to it by number. */
const USER = '10001:10001'
const HEALTH_CHECK = [
  "fetch('http://127.0.0.1:' + (process.env.ADMIN_PORT || 9090) + '/livez')",
  '.then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))',
].join('')

/** `staged`: a folder of linux-x64, named torhaus. */
export async function packImage(source: ReleaseSource, staged: string, work: string, file: string): Promise<void> {
  const { version, epoch, commit } = source
  await ensureDebianPackages(['buildah'])
  const base = await debianBase(work)
  const layer = join(work, 'image-layer')
  mkdirSync(join(layer, 'opt'), { recursive: true })
  mkdirSync(join(layer, 'usr/local/bin'), { recursive: true })
  await runCommand('cp', ['-a', staged, join(layer, 'opt/torhaus')])
  await runCommand('ln', ['-s', '/opt/torhaus/torhaus', join(layer, 'usr/local/bin/torhaus')])
  const data = join(layer, 'data')
  mkdirSync(data, { mode: 0o700 })
  await runCommand('chown', [USER, data])
  await runCommand('chown', ['-R', '0:0', join(layer, 'opt'), join(layer, 'usr')])
  const tar = join(work, 'image-layer.tar')
  await packLayer(layer, epoch, tar, false)

  const storage = ['--root', join(work, 'storage'), '--runroot', join(work, 'storage-run'), '--storage-driver', 'vfs']
  const buildah = async (...args: string[]) =>
    (await runCommand('buildah', [...storage, ...args], { timeoutMs: TIMEOUT_MS })).trim()
  const container = await buildah('from', 'scratch')
  await buildah('add', '--quiet', container, base, '/')
  await buildah('add', '--quiet', container, tar, '/')
  const labels = {
    title: 'Torhaus',
    version,
    revision: commit,
    description: 'Authenticating reverse proxy with a second factor',
  }
  const node = '/opt/torhaus/node_modules/.bin/node'
  await buildah(
    ...[
      'config',
      '--user',
      USER,
      '--workingdir',
      '/data',
      '--volume',
      '/data',
      '--port',
      '8080',
      '--env',
      'NODE_ENV=production',
      // The store is made there, where the configuration names no other place.
      '--env',
      'STATE_DIRECTORY=/data',
    ],
    ...['--env', 'PATH=/usr/local/bin:/usr/bin:/bin', '--arch', 'amd64', '--os', 'linux', '--stop-signal', 'SIGTERM'],
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `org.opencontainers.image.${name}=${value}`]),
    ...['--healthcheck', `CMD ["${node}", "-e", ${JSON.stringify(HEALTH_CHECK)}]`, '--healthcheck-interval', '30s'],
    ...['--entrypoint', `["${node}", "/opt/torhaus/bin/torhaus.mjs"]`],
    ...['--cmd', 'start --config /etc/torhaus/torhaus.yaml', container],
  )
  await buildah(
    'commit',
    '--quiet',
    '--timestamp',
    `${epoch}`,
    '--format',
    'oci',
    container,
    `oci-archive:${file}:torhaus:${version}`,
  )
}
