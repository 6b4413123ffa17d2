/** `npm run sbom`, against the shape that CycloneDX 1.6 gives it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { type LockFile, sbomOf } from '../../devkit/sbom/sbom.ts'
import { againstCycloneDx } from './cyclonedx-schema.ts'

const ROOT = join(import.meta.dirname, '../..')
const lock: LockFile = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
const print = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [join(ROOT, 'devkit/sbom/main.ts'), ...args], { maxBuffer: 1 << 24 }))
    .stdout

const text = Type.String({ minLength: 1 })
const closed = { additionalProperties: false }
const licence = Type.Union([
  Type.Object(
    { license: Type.Union([Type.Object({ id: text }, closed), Type.Object({ name: text }, closed)]) },
    closed,
  ),
  Type.Object({ expression: text }, closed),
])
const purl = Type.String({ pattern: '^pkg:npm/(%40[^/@]+/)?[^/@]+@[^@#]+$' })
const SHAPE = Type.Object(
  {
    bomFormat: Type.Literal('CycloneDX'),
    specVersion: Type.Literal('1.6'),
    serialNumber: Type.String({
      pattern: '^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    }),
    version: Type.Literal(1),
    metadata: Type.Object(
      {
        component: Type.Object(
          { type: Type.Literal('application'), 'bom-ref': text, name: text, version: text, purl },
          closed,
        ),
      },
      closed,
    ),
    components: Type.Array(
      Type.Object(
        {
          ...{ type: Type.Literal('library'), 'bom-ref': text, group: Type.Optional(text), name: text, version: text },
          scope: Type.Union([Type.Literal('required'), Type.Literal('optional'), Type.Literal('excluded')]),
          hashes: Type.Array(
            Type.Object({ alg: Type.Literal('SHA-512'), content: Type.String({ pattern: '^[0-9a-f]{128}$' }) }, closed),
            { minItems: 1 },
          ),
          ...{ licenses: Type.Array(licence), purl },
        },
        closed,
      ),
      { minItems: 10 },
    ),
    dependencies: Type.Array(Type.Object({ ref: text, dependsOn: Type.Array(text) }, closed)),
  },
  closed,
)

for (const args of [[], ['--whole']])
  test(`the bill of materials${args.length > 0 ? ' of all of development' : ''} has the shape of CycloneDX, and every reference leads somewhere`, async () => {
    const printed = await print(...args)
    const sbom: unknown = JSON.parse(printed)
    assert.deepEqual([...Value.Errors(SHAPE, sbom)].slice(0, 3), [])
    if (!Value.Check(SHAPE, sbom)) throw new Error('no shape')
    const refs = [sbom.metadata.component['bom-ref'], ...sbom.components.map(component => component['bom-ref'])]
    assert.equal(new Set(refs).size, refs.length, 'each thing has a reference of its own')
    assert.deepEqual(sbom.dependencies.map(({ ref }) => ref).sort(), refs.toSorted())
    const astray = sbom.dependencies.flatMap(({ dependsOn }) => dependsOn.filter(ref => !refs.includes(ref)))
    assert.deepEqual(astray, [])
    assert.equal(await print(...args), printed, 'the same each time')
  })

test('it has each package that runs, with the hash of the lock file, and none that only development needs', async () => {
  const { components } = JSON.parse(await print()) as { components: { purl: string; hashes: { content: string }[] }[] }
  const { dependencies = {} } = lock.packages[''] ?? {}
  for (const name of Object.keys(dependencies)) {
    const { version, integrity = '' } = lock.packages[`node_modules/${name}`] ?? {}
    const found = components.find(component => component.purl === `pkg:npm/${name.replace('@', '%40')}@${version}`)
    assert.equal(found?.hashes[0]?.content, Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex'))
  }
  assert.ok(!components.some(({ purl }) => purl.includes('biome') || purl.includes('playwright')))
  const whole = JSON.parse(await print('--whole')) as { components: unknown[] }
  assert.equal(whole.components.length, Object.keys(lock.packages).length - 1)
})

test('a package in a folder of its own is what its neighbour needs, and one without a hash is refused', () => {
  const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`
  const packages = {
    '': { name: 'own', version: '1.0.0', dependencies: { a: '1', b: '2' } },
    'node_modules/a': { version: '1.0.0', integrity, dependencies: { b: '1' } },
    'node_modules/a/node_modules/b': { version: '1.0.0', integrity },
    'node_modules/b': { version: '2.0.0', integrity, dependencies: { a: '1' } },
  }
  const { dependencies } = sbomOf({ packages }, false) as { dependencies: { ref: string; dependsOn: string[] }[] }
  const [a, inner, b] = ['a@1.0.0#node_modules/a', 'b@1.0.0#node_modules/a/node_modules/b', 'b@2.0.0#node_modules/b']
  assert.deepEqual(
    dependencies.map(({ dependsOn }) => dependsOn.map(ref => ref.replace('pkg:npm/', ''))),
    [[a, b], [inner], [], [a]],
  )
  const bare = { ...packages, 'node_modules/b': { version: '2.0.0' } }
  assert.throws(() => sbomOf({ packages: bare }, false), /no hash for node_modules\/b/)
})

test('it is valid by the JSON schema of CycloneDX 1.6, and what is not would be found', async () => {
  for (const args of [[], ['--whole']]) {
    const bill = JSON.parse(await print(...args))
    assert.deepEqual(againstCycloneDx(bill), [], args.join(' '))
    bill.components[0].scope = 'sometimes'
    bill.components[1].hashes[0].alg = 'CRC-32'
    assert.deepEqual(
      againstCycloneDx(bill)
        .map(line => line.split(' ')[0])
        .sort(),
      ['/components/0/scope', '/components/1/hashes/0/alg'],
    )
  }
})
