/** What one grant may keep, and what may be asked for in one line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cover } from '../../src/cover.ts'
import type { Grant } from '../../src/grants/grant-store.ts'
import { withEarlier } from '../../src/grants/written-grant.ts'
import { coverFor } from '../../src/policy/grant-cover.ts'
import { confirmation, sampleGrant } from './grant-store-contract.ts'

test('of what was confirmed for a grant the newest 32 are kept', () => {
  let kept: Grant | undefined
  for (let number = 1; number <= 40; number++) {
    const cover: Cover = { what: 'paths', access: 'read', prefix: `/${number}/` }
    kept = withEarlier(sampleGrant({ confirmations: [confirmation({ cover })] }), kept)
  }
  assert.deepEqual(
    kept?.confirmations.map(({ cover }) => cover?.prefix),
    Array.from({ length: 32 }, (_, index) => `/${40 - index}/`),
  )
})

test('what lies under a path of more than 512 characters gets no link', () => {
  const under = (characters: number) =>
    coverFor({ what: 'paths', access: 'read', paths: [`/${'x'.repeat(characters - 2)}/page`] }, {
      gitPathSegments: 0,
      pathSegments: 1,
    } as Parameters<typeof coverFor>[1])
  assert.equal(under(512)?.prefix.length, 512)
  assert.equal(under(513), undefined)
})
