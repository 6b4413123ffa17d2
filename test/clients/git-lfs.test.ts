import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runGit } from '../../devkit/origin/git-client.ts'
import { type ClientLab, sha256OfFile, startClientLab } from './client-lab.ts'

const OBJECT_BYTES = 5 * 1024 * 1024
let lab: ClientLab

before(async () => {
  lab = await startClientLab()
  await lab.git('.', 'lfs', 'install', '--skip-repo')
})
after(() => lab.close())

async function pushAndPull(name: string, remote: string): Promise<void> {
  const [source, copy] = [join(lab.devops.directory, name), join(lab.devops.directory, `${name}-copy`)]
  const { lfs } = lab.devops.origin.requests
  const cloning = ['clone', '--quiet']
  await lab.git('.', ...cloning, remote, name)
  await lab.git(name, 'lfs', 'track', '*.bin')
  await writeFile(join(source, 'object.bin'), randomBytes(OBJECT_BYTES))
  await lab.git(name, 'add', '.')
  await lab.git(name, 'commit', '--quiet', '-m', 'An object')
  await lab.git(name, 'push', '--quiet', 'origin', `HEAD:refs/heads/${name}`)
  await lab.git('.', ...cloning, '--branch', name, remote, `${name}-copy`)
  assert.equal(await sha256OfFile(join(copy, 'object.bin')), await sha256OfFile(join(source, 'object.bin')))
  assert.ok(lab.devops.origin.requests.lfs > lfs, 'it went through git-lfs')
}

test('git-lfs pushes and pulls an object of 5 MiB with a personal access token', async () => {
  await pushAndPull('by-pat', lab.remoteWith('ada', lab.pat))
})

test('git-lfs pushes and pulls an object of 5 MiB with an access token of the OP as the password', async () => {
  await pushAndPull('by-token', lab.remoteWith('OAUTH_USER', await lab.bearer()))
})

test('git-lfs with a token of one factor says what is wrong', async () => {
  const remote = lab.remoteWith('OAUTH_USER', await lab.bearer({ acr: 'urn:torhaus:acr:pwd' }))
  const environment = { HOME: lab.devops.directory, GIT_LFS_SKIP_SMUDGE: '1' }
  const git = (folder: string, ...args: string[]) =>
    runGit(args, { directory: join(lab.devops.directory, folder), environment })
  const source = lab.remoteWith('ada', lab.pat)
  assert.equal((await git('.', 'clone', '--quiet', '--branch', 'by-pat', source, 'pointers')).status, 0)
  const run = await git('pointers', '-c', `remote.origin.url=${remote}`, 'lfs', 'pull')
  assert.notEqual(run.status, 0)
  assert.match(run.stderr + run.stdout, /A sign-in with a second factor is needed/)
})
