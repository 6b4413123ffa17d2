/**
 * Passing the second-factor stage is a fact at run time: without its proof nothing is forwarded, whatever the types
 * say.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Admission } from '../../src/admission.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

const mint = Admission.claimMint()
const exchange = () => ({ response: {} as ServerResponse })
const REFUSED = { code: 'internal-error' }

test('the mint is given away once', () => {
  assert.throws(() => Admission.claimMint(), /belongs to the second-factor stage/)
})

test('a proof is good for one step after the other, each taken once', () => {
  const one = exchange()
  const admitted = { ...one, admission: mint(one) }
  assert.throws(() => Admission.redeem(admitted, 'tunnelled'), REFUSED)
  Admission.redeem(admitted, 'forwarded')
  assert.throws(() => Admission.redeem(admitted, 'forwarded'), REFUSED)
  Admission.redeem(admitted, 'tunnelled')
  assert.throws(() => Admission.redeem(admitted, 'tunnelled'), REFUSED)
})

test('a proof of another exchange, a look-alike, and none at all are refused', () => {
  const [one, other] = [exchange(), exchange()]
  const admission = mint(one)
  assert.throws(() => Admission.redeem({ ...other, admission }, 'forwarded'), REFUSED)
  assert.throws(() => Admission.redeem(one, 'forwarded'), REFUSED)
  const lookAlike = Object.create(Admission.prototype) as Admission
  assert.throws(() => Admission.redeem({ ...one, admission: lookAlike }, 'forwarded'), REFUSED)
  const copied = structuredClone({}) as Admission
  assert.throws(() => Admission.redeem({ ...one, admission: copied }, 'forwarded'), REFUSED)
  Admission.redeem({ ...one, admission }, 'forwarded')
})

/**
 * Prints what a Torhaus of this tree answers to a token of the OP and to nobody, and what reached the origin server.
 */
const PROGRAM = `
  import { startProxy } from './devkit/torhaus/proxy-under-test.ts'
  const proxy = await startProxy()
  try {
    const statuses = []
    for (const fields of [[proxy.bearerField], []]) statuses.push((await proxy.ask('GET /x', fields)).status)
    console.log(JSON.stringify({ statuses, reached: proxy.origin.requests.length }))
  } finally {
    await proxy.close()
  }
`

let tree: string
before(async () => {
  tree = await mkdtemp(join(tmpdir(), 'torhaus-tree-'))
  for (const name of ['src', 'middleware', 'config', 'devkit', 'docs', 'package.json'])
    await cp(join(ROOT, name), join(tree, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
  await writeFile(join(tree, 'answers.ts'), PROGRAM)
})
after(() => rm(tree, { recursive: true, force: true }))

const answers = async () => JSON.parse((await run(process.execPath, ['answers.ts'], { cwd: tree })).stdout)

async function edit(name: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(join(tree, name), 'utf8')
  const changed = change(text)
  assert.notEqual(changed, text, `${name} is not what this test expects`)
  await writeFile(join(tree, name), changed)
}

test('with the stage in its place a token passes, and nobody is asked who it is', async () => {
  assert.deepEqual(await answers(), { statuses: [200, 401], reached: 1 })
})

test('with the stage taken out, everything is answered with 500 and nothing reaches the origin server', async () => {
  await edit('src/pipeline.ts', text => text.replace(/^ *\.stage\('require-second-factor'.*$/m, ''))
  assert.deepEqual(await answers(), { statuses: [500, 500], reached: 0 })
})
