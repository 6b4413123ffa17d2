import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions } from '../../../deploy/roll-out/compare-versions.ts'

/** The order of Semantic Versioning 2.0.0, 11, and what is between. */
const ORDER = [
  ...['0.9.9', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11'],
  ...['1.0.0-rc.1', '1.0.0-rc.2', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '1.10.0.1', '2.0.0-rc.1', '2.0.0'],
]

test('of any two versions the later one is known', () => {
  for (const [index, one] of ORDER.entries())
    for (const [otherIndex, other] of ORDER.entries())
      assert.equal(Math.sign(compareVersions(one, other)), Math.sign(index - otherIndex), `${one} and ${other}`)
})

test('what follows a plus does not count', () => {
  assert.equal(compareVersions('1.0.0+build-7', '1.0.0'), 0)
  assert.equal(compareVersions('1.0.0-rc.1+a', '1.0.0-rc.1+b'), 0)
})
