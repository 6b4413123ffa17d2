/**
 * A token that was never seen before, with the clients that people have: proven on the way, and no content is sent
 * twice.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ClientLab, curl, sha256OfFile, startClientLab } from './client-lab.ts'

const READ = '/DefaultCollection/_apis/connectionData'
const PIECE_BYTES = 4 * 1024 * 1024
const PIECES = 25

let lab: ClientLab
before(async () => {
  lab = await startClientLab(config => ({
    ...config,
    credentials: { ...config.credentials, patProof: { profile: 'azure-devops' } },
  }))
})
after(() => lab.close())

const reads = () => lab.devops.origin.targets[READ] ?? 0
const contentBytes = () =>
  lab.torhaus.log.reduce((sum, record) => sum + Number(record['http.request.body.bytes'] ?? 0), 0)

/** The verdicts of before are gone. */
const startAnew = () => lab.torhaus.restart()

test('git clones with a token at first sight: one read', { timeout: 240_000 }, async () => {
  await lab.git('.', 'clone', '--quiet', lab.remoteWith('ada', lab.pat), 'first')
  assert.equal(reads(), 1)
})

test('git pushes 100 MiB with a token at first sight: one read, and the content once', {
  timeout: 360_000,
}, async () => {
  await startAnew()
  const [readBefore, bytesBefore] = [reads(), contentBytes()]
  const fileName = join(lab.devops.directory, 'first', 'large.bin')
  const file = await open(fileName, 'w')
  for (let piece = 0; piece < PIECES; piece++) await file.write(randomBytes(PIECE_BYTES))
  await file.close()
  await lab.git('first', '-c', 'core.compression=0', 'add', '.')
  await lab.git('first', 'commit', '--quiet', '-m', 'Large')
  await lab.git('first', '-c', 'pack.compression=0', 'push', '--quiet', 'origin', 'HEAD:refs/heads/large')
  assert.equal(reads() - readBefore, 1)
  const sent = contentBytes() - bytesBefore
  const size = PIECE_BYTES * PIECES
  assert.ok(sent >= size && sent < size * 1.1, `${sent} bytes`)
  const copy = ['clone', '--quiet', '--depth', '1', '--branch', 'large', lab.remoteWith('ada', lab.pat), 'copy']
  await lab.git('.', ...copy)
  assert.equal(await sha256OfFile(join(lab.devops.directory, 'copy', 'large.bin')), await sha256OfFile(fileName))
})

test('content that comes with the first sight of a token waits for the server, and arrives whole', async () => {
  await startAnew()
  const content = randomBytes(8 * 1024 * 1024)
  const fileName = join(lab.devops.directory, 'upload')
  await writeFile(fileName, content)
  const url = `${lab.torhaus.url}/DefaultCollection/_apis/upload`
  const type = 'Content-Type: application/octet-stream'
  const answer = await curl('--user', `:${lab.pat}`, '--data-binary', `@${fileName}`, '--header', type, url)
  assert.equal(answer.status, 200)
  const { bytes, sha256 } = JSON.parse(answer.content)
  assert.deepEqual([bytes, sha256], [content.length, createHash('sha256').update(content).digest('hex')])
})

test('git is asked again for credentials where the server does not know the token', async () => {
  const forged = 'b'.repeat(52)
  await assert.rejects(
    lab.git('.', 'clone', '--quiet', lab.remoteWith('ada', forged), 'forged'),
    /Authentication failed|could not read/,
  )
  assert.equal(lab.devops.origin.requests.git > 0, true)
})
