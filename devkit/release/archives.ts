/** Archives whose bytes depend on their content alone: names sorted, one time, one owner, fixed modes. */
import { chmodSync, lstatSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../realm/run-command.ts'

const TIMEOUT_MS = 590_000

const sameFor = (epoch: number) => [
  ...['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'],
]

/** `top` of `parent` into a gzipped tar; `-n`: no name and no time in the head of gzip. */
export async function packTarball(parent: string, top: string, epoch: number, file: string): Promise<void> {
  const tar = `${file}.tar`
  const modes = ['--mode=u+rwX,go+rX,go-w']
  await runCommand('tar', [...sameFor(epoch), ...modes, '-C', parent, '-cf', tar, top], { timeoutMs: TIMEOUT_MS })
  await runCommand('gzip', ['-n', '-6', '-f', tar], { timeoutMs: TIMEOUT_MS })
  await runCommand('mv', [`${tar}.gz`, file])
}

/** All of `folder` into a tar with the modes and owners that its files have. */
export async function packLayer(folder: string, epoch: number, file: string, isRoots: boolean): Promise<void> {
  const owners = isRoots ? sameFor(epoch) : ['--sort=name', `--mtime=@${epoch}`, '--numeric-owner', '--format=gnu']
  await runCommand('tar', [...owners, '-C', folder, '-cf', file, '.'], { timeoutMs: TIMEOUT_MS })
}

/** zip(1) takes names in the order given, and times from the files; without extra fields (`-X`). */
export async function packZip(parent: string, top: string, epoch: number, file: string): Promise<void> {
  const all = readdirSync(join(parent, top), { recursive: true, encoding: 'utf8' }).map(name => join(top, name))
  const names = all.filter(name => !lstatSync(join(parent, name)).isDirectory())
  for (const name of names) {
    // zip(1) notes the modes as well, which follow the umask.
    chmodSync(join(parent, name), 0o644)
    utimesSync(join(parent, name), epoch, epoch)
  }
  const list = join(parent, `${top}.list`)
  writeFileSync(list, `${names.sort().join('\n')}\n`)
  const env = { ...process.env, TZ: 'UTC' }
  const script = 'cd "$1" && rm -f "$2" && zip -q -X -6 "$2" -@ <"$3"'
  await runCommand('sh', ['-c', script, 'sh', parent, file, list], { env, timeoutMs: TIMEOUT_MS })
}
