/**
 * On a full disk people leave all the same: nothing passes any more at any worker, also not once there is room again.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { submitForm } from '../../devkit/clients/own-forms.ts'
import { SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { canMount, type SmallDisk } from '../../devkit/torhaus/small-disk.ts'
import { until, type WorkersLab } from '../workers/workers-lab.ts'
import { type FullDiskLab, startFullDiskLab } from './full-disk-lab.ts'

const rootTest = canMount ? test : test.skip
let full: FullDiskLab
let disk: SmallDisk
let lab: WorkersLab

before(async () => {
  if (!canMount) return
  full = await startFullDiskLab({}, { cacheMs: 60_000 })
  ;({ disk, lab } = full)
})
after(() => full?.[Symbol.asyncDispose]())

/** Each request on a connection of its own, so that both workers answer some. */
async function statuses(id: string): Promise<Set<number>> {
  const thief = new BrowserClient()
  thief.plant(SESSION_COOKIE, id)
  const seen = new Set<number>()
  for (let count = 0; count < 12; count++)
    seen.add((await thief.send(`${lab.url}/`, { fields: { 'Sec-Fetch-Mode': 'cors', Connection: 'close' } })).status)
  return seen
}

const idOf = (browser: BrowserClient) => browser.cookies.get(SESSION_COOKIE)?.value ?? ''
const leave = (browser: BrowserClient, path: string) =>
  submitForm(browser, `${lab.url}/.torhaus/${path === 'sign-out' ? path : ''}`, `/.torhaus/${path}`)

for (const path of ['sign-out', 'sign-out-everywhere'])
  rootTest(`${path} on a full disk ends what it should, says so, and stays true when there is room again`, async () => {
    disk.empty()
    const browser = await lab.signedIn()
    const id = idOf(browser)
    assert.deepEqual(await statuses(id), new Set([200]))
    await disk.fill()
    const answer = await leave(browser, path)
    assert.equal(answer.status, 303)
    assert.equal(idOf(browser), '')
    assert.deepEqual(await statuses(id), new Set([401]))
    await until('both workers have met it', async () => (await lab.readiness()).body.parts.store === 'full')
    assert.equal(await lab.metric('torhaus_store_up'), 0)
    disk.empty()
    await until('the store is used again', async () => (await lab.readiness()).body.parts.store === 'available')
    assert.deepEqual(await statuses(id), new Set([401]))
  })

rootTest('what ended on a full disk stays ended at the workers of a reload, and after a restart of one', async () => {
  disk.empty()
  const browser = await lab.signedIn()
  const id = idOf(browser)
  await disk.fill()
  assert.equal((await leave(browser, 'sign-out')).status, 303)
  const before = lab.workers()
  lab.supervisor.kill('SIGHUP')
  await until(
    'the new workers serve alone',
    () => lab.workers().length === 2 && !lab.workers().includes(before[0] ?? 0),
  )
  assert.deepEqual(await statuses(id), new Set([401]))
  disk.empty()
})
