import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type GitRun, presentingToken, runGit } from '../../../devkit/origin/git-client.ts'
import { type OpenOrigin, openOrigin, samplePat } from '../../../devkit/origin/origin-fixture.ts'

let open: OpenOrigin

before(async () => {
  open = await openOrigin()
})
after(() => open.close())

async function git(directory: string, ...args: string[]): Promise<GitRun> {
  const run = await runGit(args, { directory, environment: presentingToken(samplePat) })
  assert.equal(run.status, 0, run.stderr)
  return run
}

test('a push of 100 MB of random data arrives whole', { timeout: 360_000 }, async () => {
  await git(open.directory, 'clone', '--quiet', open.origin.url + open.origin.gitPath, 'large')
  const copy = join(open.directory, 'large')
  await writeFile(join(copy, 'large.bin'), randomBytes(100 * 1024 * 1024))
  await git(copy, 'add', '.')
  await git(copy, '-c', 'core.compression=0', 'commit', '--quiet', '-m', 'Large')
  await git(copy, '-c', 'pack.compression=0', 'push', '--quiet', 'origin', 'HEAD:refs/heads/large')
  const pushed = await git(copy, 'ls-remote', 'origin', 'refs/heads/large')
  const local = await git(copy, 'rev-parse', 'HEAD')
  assert.equal(pushed.stdout.split('\t')[0], local.stdout.trim())
})
