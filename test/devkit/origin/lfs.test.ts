import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonMember } from '../../../devkit/op/json-member.ts'
import { presentingToken, runGit } from '../../../devkit/origin/git-client.ts'
import { type OpenOrigin, openOrigin, samplePat } from '../../../devkit/origin/origin-fixture.ts'

let open: OpenOrigin
let hasLfs = false

before(async () => {
  open = await openOrigin()
  hasLfs = (await runGit(['lfs', 'version'], { directory: open.directory })).status === 0
})
after(() => open.close())

const authorization = { Authorization: `Basic ${Buffer.from(`:${samplePat}`).toString('base64')}` }
const lfsUrl = () => `${open.origin.url}${open.origin.gitPath}/info/lfs`

test('git-lfs pushes an object and another clone pulls it', async context => {
  if (!hasLfs) return context.skip('git-lfs is not installed')
  const remote = open.origin.url + open.origin.gitPath
  const environment = presentingToken(samplePat)
  const git = async (directory: string, ...args: string[]) => {
    const run = await runGit(args, { directory, environment })
    assert.equal(run.status, 0, `git ${args[0]}: ${run.stderr}`)
  }
  const content = randomBytes(3 * 1024 * 1024)
  await git(open.directory, 'clone', '--quiet', remote, 'writer')
  const writer = join(open.directory, 'writer')
  await git(writer, 'lfs', 'install', '--local')
  await git(writer, 'lfs', 'track', '*.bin')
  await writeFile(join(writer, 'object.bin'), content)
  await git(writer, 'add', '.')
  await git(writer, 'commit', '--quiet', '-m', 'An object')
  await git(writer, 'push', 'origin', 'HEAD')
  assert.ok(open.origin.requests.lfs > 0)
  await git(open.directory, 'clone', '--quiet', remote, 'reader')
  const reader = join(open.directory, 'reader')
  await git(reader, 'lfs', 'install', '--local')
  await git(reader, 'lfs', 'pull')
  assert.ok(content.equals(await readFile(join(reader, 'object.bin'))))
})

test('addresses in a batch answer lead back through the proxy that asked, with its credentials', async () => {
  const object = { oid: 'a'.repeat(64), size: 7 }
  const response = await fetch(`${lfsUrl()}/objects/batch`, {
    method: 'POST',
    headers: { ...authorization, 'X-Forwarded-Proto': 'https' },
    body: JSON.stringify({ operation: 'upload', objects: [object] }),
  })
  const base = `${lfsUrl()}`.replace('http:', 'https:')
  assert.deepEqual(jsonMember(await response.json(), 'objects', 0, 'actions'), {
    upload: { href: `${base}/objects/${object.oid}`, header: authorization },
    verify: { href: `${base}/verify`, header: authorization },
  })
})

test('content that is not the object named is refused and not kept', async () => {
  const oid = createHash('sha256').update('right').digest('hex')
  const put = (body: string) => fetch(`${lfsUrl()}/objects/${oid}`, { method: 'PUT', headers: authorization, body })
  assert.equal((await put('wrong')).status, 422)
  assert.equal((await fetch(`${lfsUrl()}/objects/${oid}`, { headers: authorization })).status, 404)
  assert.equal((await put('right')).status, 200)
  assert.equal(await (await fetch(`${lfsUrl()}/objects/${oid}`, { headers: authorization })).text(), 'right')
})

test('an object that is not there is an error of that object, not of the batch', async () => {
  const response = await fetch(`${lfsUrl()}/objects/batch`, {
    method: 'POST',
    headers: authorization,
    body: JSON.stringify({ operation: 'download', objects: [{ oid: 'b'.repeat(64), size: 1 }] }),
  })
  assert.equal(response.status, 200)
  assert.equal(jsonMember(await response.json(), 'objects', 0, 'error', 'code'), 404)
})

const post = async (path: string, content: object) => {
  const response = await fetch(`${lfsUrl()}/locks${path}`, {
    ...{ method: 'POST', headers: authorization, body: JSON.stringify(content) },
  })
  return { status: response.status, answer: await response.json() }
}

test("a lock is somebody's until it is given back, and is told at each push", async () => {
  const made = await post('', { path: 'big.bin' })
  assert.equal(made.status, 201)
  const id = jsonMember(made.answer, 'lock', 'id')
  assert.equal((await post('', { path: 'big.bin' })).status, 409)
  const told = await post('/verify', {})
  assert.equal(jsonMember(told.answer, 'ours', 0, 'path') ?? jsonMember(told.answer, 'theirs', 0, 'path'), 'big.bin')
  assert.equal((await post(`/${id}/unlock`, {})).status, 200)
  assert.deepEqual((await post('/verify', {})).answer, { ours: [], theirs: [] })
})
