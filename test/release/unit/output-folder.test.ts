import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { tryCommand } from '../../../devkit/realm/run-command.ts'
import { requireReplaceable } from '../../../devkit/release/output-folder.ts'
import { writeChecksums } from '../../../devkit/release/signature.ts'

const PROGRAM = resolve(import.meta.dirname, '../../../devkit/release/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'torhaus-output-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a release replaces nothing but a release: what else lies in the folder stays', async () => {
  const work = join(folder, 'work')
  mkdirSync(work)
  writeFileSync(join(work, 'thesis.txt'), 'the only copy')
  const { code, stderr } = await tryCommand(process.execPath, [PROGRAM, '--only', 'tarball', '--output', work])
  assert.equal(
    stderr,
    `${work} would be replaced, and holds thesis.txt, which is not of a release: name a new folder with --output\n`,
  )
  assert.deepEqual([code, readdirSync(work)], [2, ['thesis.txt']])
})

test('a folder that is missing or empty, or holds a release, takes a new one; beside other files it does not', async () => {
  const place = join(folder, 'release')
  requireReplaceable(place)
  mkdirSync(place)
  requireReplaceable(place)
  writeFileSync(join(place, 'torhaus.tar.gz'), 'packed')
  assert.throws(() => requireReplaceable(place), /holds torhaus\.tar\.gz, which is not of a release/)
  await writeChecksums(place)
  requireReplaceable(place)
  writeFileSync(join(place, 'notes'), '')
  assert.throws(() => requireReplaceable(place), /holds notes, /)
  assert.throws(() => requireReplaceable(join(place, 'notes')), /--output names a folder, and .*notes is none/)
})
