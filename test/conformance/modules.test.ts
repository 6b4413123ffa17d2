/** The OpenID Foundation's modules for relying parties, played by an OP of ours: what is seen beside what is right. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { isAsExpected, type Variant } from '../../devkit/conformance/module.ts'
import { leftOut, plans } from '../../devkit/conformance/plans.ts'
import { type RpUnderTest, startRpUnderTest } from '../../devkit/conformance/rp-under-test.ts'

const rows = plans.flatMap(({ name, variants, modules }) =>
  variants.flatMap(variant => modules.map(module => ({ plan: name, variant, module }))),
)
const nameOf = ({ responseMode, clientAuthentication }: Variant) => `${responseMode}, ${clientAuthentication}`

for (const [variant, played] of Map.groupBy(rows, row => nameOf(row.variant))) {
  describe(variant, () => {
    let rp: RpUnderTest
    before(async () => {
      const [row] = played
      assert.ok(row)
      rp = await startRpUnderTest(row.variant)
    })
    afterEach(() => rp.reset())
    after(() => rp?.close())

    for (const { plan, module } of played)
      test(`${module.name} of ${plan}`, async () => {
        assert.equal(await module.play(rp), module.seen)
      })
  })
}

test('what is seen is what is expected, of sixty modules and more', () => {
  assert.deepEqual(
    rows.filter(({ module }) => !isAsExpected(module)).map(({ module }) => module.name),
    [],
  )
  assert.ok(rows.length >= 60, `${rows.length} are`)
})

test('a module is played or left out, and stands once in each plan and variant', () => {
  const played = rows.map(({ plan, variant, module }) => `${plan} ${nameOf(variant)} ${module.name}`)
  assert.deepEqual(played, [...new Set(played)])
  const names = new Set(rows.map(({ module }) => module.name))
  for (const name of leftOut.flatMap(({ names: out }) => out)) assert.ok(!names.has(`oidcc-client-test-${name}`), name)
})
