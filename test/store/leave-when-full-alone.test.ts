/** One worker alone, and a disk that is full: who has left stays out, also where the process that was told of it dies. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { submitForm } from '../../devkit/clients/own-forms.ts'
import { SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { canMount, type SmallDisk } from '../../devkit/torhaus/small-disk.ts'
import { keyOf } from '../../src/session/opaque-id.ts'
import { until, type WorkersLab } from '../workers/workers-lab.ts'
import { type FullDiskLab, startFullDiskLab } from './full-disk-lab.ts'

const rootTest = canMount ? test : test.skip
let full: FullDiskLab
let disk: SmallDisk
let lab: WorkersLab

before(async () => {
  if (!canMount) return
  full = await startFullDiskLab({ workers: 1 })
  ;({ disk, lab } = full)
})
after(() => full?.[Symbol.asyncDispose]())

const idOf = (browser: BrowserClient) => browser.cookies.get(SESSION_COOKIE)?.value ?? ''

async function statusOf(id: string): Promise<number> {
  const browser = new BrowserClient()
  browser.plant(SESSION_COOKIE, id)
  const fields = { 'Sec-Fetch-Mode': 'cors', Connection: 'close' }
  return (await browser.send(`${lab.url}/`, { fields })).status
}

function isStored(id: string): boolean {
  const file = new DatabaseSync(full.file, { readOnly: true })
  try {
    return file.prepare('SELECT key FROM person_session WHERE key = ?').get(keyOf(id)) !== undefined
  } finally {
    file.close()
  }
}

/** Kills it, as the system does for want of memory. */
async function anotherWorker(): Promise<void> {
  const [old = 0] = lab.workers()
  process.kill(old, 'SIGKILL')
  await until('another worker listens', async () => {
    const { status, body } = await lab.readiness()
    return status === 200 && body.parts.workers === '1 of 1' && !lab.workers().includes(old)
  })
}

rootTest(
  'an ending that no store has taken outlives the only worker, again and again, until the store has it',
  async () => {
    const [leaver, other] = [await lab.signedIn(), await lab.signedIn()]
    const id = idOf(leaver)
    assert.equal(await statusOf(id), 200)
    await disk.fill()
    assert.equal((await submitForm(leaver, `${lab.url}/.torhaus/sign-out`, '/.torhaus/sign-out')).status, 303)
    assert.ok(isStored(id), 'the store has not taken the ending')
    for (const time of ['once', 'twice']) {
      await anotherWorker()
      assert.equal(await statusOf(id), 401, `after the worker was killed ${time}`)
      assert.equal(await statusOf(idOf(other)), 200, `somebody else, after the worker was killed ${time}`)
    }
    disk.empty()
    await until('the store has it', () => !isStored(id))
    assert.equal(await statusOf(id), 401)
  },
)
