import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type LogoutLab, startLogoutLab } from '../logout/logout-lab.ts'

const NEW_SECRET = 'n3w/secret+%'
let lab: LogoutLab
let offsetS = 0

before(async () => {
  lab = await startLogoutLab({ now: () => Date.now() + offsetS * 1000 })
})
after(() => lab?.close())

test('while the OP accepts both secrets the file is replaced, and sessions, refreshes and sign-ins go on', async () => {
  const file = join(dirname(lab.configFile), 'client-secret')
  const old = (await readFile(file, 'utf8')).trim()
  lab.op.acceptSecrets([old])
  const browser = await lab.open({ sub: 'ada' })
  assert.ok(await lab.isAlive(browser))
  lab.op.acceptSecrets([old, NEW_SECRET])
  await writeFile(file, NEW_SECRET)
  await lab.restart()
  lab.op.acceptSecrets([NEW_SECRET])
  offsetS += 1600
  const { refreshes } = lab.op.requests
  assert.ok(await lab.isAlive(browser))
  assert.equal(lab.op.requests.refreshes, refreshes + 1)
  assert.ok(await lab.isAlive(await lab.open({ sub: 'bob' })))
})
