import assert from 'node:assert/strict'
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { seedKerberosProfile, writeChromiumPolicy } from '../../devkit/realm/chromium-kerberos.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-lab-chromium-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

test('a seeded profile says that Negotiate was met before', async () => {
  await seedKerberosProfile(join(directory, 'profile'))
  const state: unknown = JSON.parse(await readFile(join(directory, 'profile/Local State'), 'utf8'))
  assert.deepEqual(state, { net: { received_http_auth_negotiate_headers: true } })
})

test('a removed policy takes along the folders that were made for it', async () => {
  const remove = await writeChromiumPolicy(join(directory, 'chromium/policies/managed'))
  assert.equal((await readdir(join(directory, 'chromium/policies/managed'))).length, 1)
  await remove()
  await assert.rejects(access(join(directory, 'chromium')), { code: 'ENOENT' })
})

test("a removed policy leaves somebody else's in its place", async () => {
  const folder = join(directory, 'managed')
  const remove = await writeChromiumPolicy(folder)
  await writeFile(join(folder, 'other.json'), '{}')
  await remove()
  assert.deepEqual(await readdir(folder), ['other.json'])
})
