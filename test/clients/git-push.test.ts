import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ClientLab, sha256OfFile, startClientLab } from './client-lab.ts'

const PIECE_BYTES = 4 * 1024 * 1024
const PIECES = 25
let lab: ClientLab

before(async () => {
  lab = await startClientLab()
})
after(() => lab.close())

async function writeRandom(fileName: string): Promise<void> {
  const file = await open(fileName, 'w')
  for (let piece = 0; piece < PIECES; piece++) await file.write(randomBytes(PIECE_BYTES))
  await file.close()
}

/** Pushes 100 MiB of random data with that token as the password, and fetches it again by a shallow clone. */
async function pushAndClone(name: string, remote: string): Promise<void> {
  const [source, copy] = [join(lab.devops.directory, name), join(lab.devops.directory, `${name}-copy`)]
  await lab.git('.', 'clone', '--quiet', remote, name)
  await writeRandom(join(source, 'large.bin'))
  await lab.git(name, '-c', 'core.compression=0', 'add', '.')
  await lab.git(name, 'commit', '--quiet', '-m', 'Large')
  await lab.git(name, '-c', 'pack.compression=0', 'push', '--quiet', 'origin', `HEAD:refs/heads/${name}`)
  await lab.git('.', 'clone', '--quiet', '--depth', '1', '--branch', name, remote, `${name}-copy`)
  assert.equal(await sha256OfFile(join(copy, 'large.bin')), await sha256OfFile(join(source, 'large.bin')))
}

test('100 MiB pushed with a personal access token arrive whole', { timeout: 360_000 }, async () => {
  await pushAndClone('by-pat', lab.remoteWith('ada', lab.pat))
})

test('100 MiB pushed with an access token of the OP as the password arrive whole', { timeout: 360_000 }, async () => {
  await pushAndClone('by-token', lab.remoteWith('OAUTH_USER', await lab.bearer()))
})
