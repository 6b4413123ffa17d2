import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkShares } from '../../config/share-rules.ts'
import { echo } from '../../devkit/origin/echo-origin.ts'
import { configured, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const MIB = 1_048_576

/** The least that the configuration takes with content of `unprovenBufferBytes`. */
function leastTotal(unprovenBufferBytes: number): number {
  const shares = { unprovenBufferBytes, unprovenBufferTotalBytes: 0, unprovenMinRate: 0 }
  const messages: string[] = []
  checkShares({ shares } as Parameters<typeof checkShares>[0], (_, message) => void messages.push(message))
  return Number(/\d+/.exec(messages.join())?.[0])
}

test('with the least memory that is taken for strangers, long content of one of them passes', async () => {
  for (const unprovenBufferBytes of [1024, 65_536, MIB]) {
    const shares = { unprovenBufferBytes, unprovenBufferTotalBytes: leastTotal(unprovenBufferBytes) }
    const proxy = await startProxy({ configure: config => ({ ...configured()(config), shares }) })
    try {
      proxy.origin.answerWith(echo)
      const content = 'x'.repeat(3 * MIB)
      const answer = await proxy.ask('POST /x', [patField, `Content-Length: ${content.length}`], content)
      assert.equal(answer.status, 200, String(unprovenBufferBytes))
    } finally {
      await proxy.close()
    }
  }
})
