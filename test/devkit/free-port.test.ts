import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const COUNT = 400
const ports = `
  import { freePort } from ${JSON.stringify(join(import.meta.dirname, '../../devkit/torhaus/free-port.ts'))}
  const ports = []
  while (ports.length < ${COUNT}) ports.push(await freePort())
  console.log(JSON.stringify(ports))
  process.stdin.resume()
`

test('no port is given out twice, by however many processes', async () => {
  const children = [1, 2].map(() => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', ports]))
  // Each lives on until its input ends: a port is free again when its process is gone.
  const firstOutputs = children.map(
    ({ child }) => new Promise<string>(resolve => child.stdout?.once('data', chunk => resolve(String(chunk)))),
  )
  await Promise.race([Promise.all(firstOutputs), Promise.all(children)])
  for (const { child } of children) child.stdin?.end()
  const given = (await Promise.all(children)).flatMap(({ stdout }) => JSON.parse(stdout))
  assert.equal(given.length, 2 * COUNT)
  assert.equal(new Set(given).size, given.length)
})
