import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type GitRun, presentingToken, runGit } from '../../../devkit/origin/git-client.ts'
import { type OpenOrigin, openOrigin, samplePat } from '../../../devkit/origin/origin-fixture.ts'
import { eventually } from '../../../devkit/torhaus/eventually.ts'

let open: OpenOrigin
let remote: string
const environment = presentingToken(samplePat)

before(async () => {
  open = await openOrigin()
  remote = open.origin.url + open.origin.gitPath
})
after(() => open.close())

async function git(directory: string, ...args: string[]): Promise<GitRun> {
  const run = await runGit(args, { directory, environment })
  assert.equal(run.status, 0, run.stderr)
  return run
}

async function clone(name: string): Promise<string> {
  await git(open.directory, 'clone', '--quiet', remote, name)
  return join(open.directory, name)
}

test('git clones the repository with a personal access token', async () => {
  const copy = await clone('first')
  assert.match(await readFile(join(copy, 'README.md'), 'utf8'), /^# Demo/)
})

test('a request git compresses, for a fetch of many branches, is understood', async () => {
  const copy = await clone('writer')
  for (let branch = 0; branch < 30; branch++) {
    await git(copy, 'commit', '--quiet', '--allow-empty', '-m', `${branch}`)
    await git(copy, 'branch', `branch-${branch}`)
  }
  await git(copy, 'push', '--quiet', '--all', 'origin')
  const cloned = await runGit(['clone', remote, 'reader'], {
    directory: open.directory,
    environment: { ...environment, GIT_TRACE_CURL: '1', GIT_TRACE_CURL_NO_DATA: '1' },
  })
  assert.equal(cloned.status, 0)
  assert.ok(/=> Send header: Content-Encoding: gzip/i.test(cloned.stderr), 'git sent no compressed content')
})

test('a wrong token is refused', async () => {
  const wrong = presentingToken(samplePat.replace('6', '7'))
  const run = await runGit(['ls-remote', remote], { directory: open.directory, environment: wrong })
  assert.equal(run.status, 128)
  assert.match(run.stderr, /not authorized|Authentication failed|could not read Username/)
})

test('a client that goes away in the middle of a push leaves no git behind', async () => {
  const socket = connect(open.origin.port, '127.0.0.1')
  const credentials = Buffer.from(`:${samplePat}`).toString('base64')
  socket.write(
    `POST ${open.origin.gitPath}/git-receive-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic ${credentials}\r\n` +
      'Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000000\r\n\r\n00a0unfinished',
  )
  await eventually(() => open.origin.gitProcesses === 1, 'git runs')
  socket.destroy()
  await eventually(() => open.origin.gitProcesses === 0, 'git has ended')
})
