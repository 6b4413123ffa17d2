/**
 * A page of the origin server, in a real browser, against our own pages: nothing is confirmed, and nothing of ours is
 * read.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownHostPageAttacks, pageAttacksOnOwnHost } from '../../devkit/attack/own-host-page-attacks.ts'
import { pageAttacks } from '../../devkit/attack/page-attacks.ts'
import { SETTINGS } from '../../devkit/attack/settings.ts'
import { type StartedTarget, startTarget } from '../../devkit/attack/target.ts'

const SETTLE_MS = 100

for (const [setting, attacks] of [
  ['browser', pageAttacks],
  ['browser and own host', [...pageAttacksOnOwnHost, ...ownHostPageAttacks]],
] as const) {
  describe(setting, () => {
    let target: StartedTarget
    before(async () => {
      target = await startTarget(join(import.meta.dirname, '../..'), SETTINGS[setting])
    })
    after(() => target?.close())

    for (const { name, run, isWanted } of attacks) {
      test(`${name}: nothing comes of it`, async () => {
        const seen = target.origin.requests.length
        await run(target)
        await sleep(SETTLE_MS)
        const arrived = target.origin.requests.slice(seen)
        assert.ok(
          arrived.some(request => request.target === '/wiki/page'),
          'the attack took place',
        )
        assert.deepEqual(
          arrived
            .filter(request => isWanted?.(request))
            .map(request => `${request.method} ${request.target} ${request.text}`),
          [],
        )
      })
    }
  })
}
