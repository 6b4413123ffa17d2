/** Packages that were installed in part: one line names what is missing and what to do, whoever needs it. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { missingPackage } from '../../src/process/missing-package.ts'
import { copyTree, ROOT, runTorhaus } from './command-lab.ts'

let directory: string
let configFile: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-missing-'))
  const [port, adminPort] = await freePorts()
  const setting = { upstreamUrl: 'http://127.0.0.1:9', issuer: 'http://127.0.0.1:9', clientSecret: 'x', directory }
  configFile = await writeTorhausConfig({ ...setting, port, adminPort }, config => ({
    ...config,
    listener: { ...config.listener, workers: 2 },
  }))
})
after(() => rm(directory, { recursive: true, force: true }))

/** A clone whose packages are all there but one. */
function cloneWithout(missing: string): string {
  const clone = join(directory, `without-${missing}`)
  const program = copyTree(clone)
  mkdirSync(join(clone, 'node_modules'))
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== missing) symlinkSync(join(ROOT, 'node_modules', name), join(clone, 'node_modules', name))
  return program
}

test('what supervisor and commands need is missed before anything is done', async () => {
  const program = cloneWithout('yaml')
  const says = 'the package yaml is missing: run `npm ci` in the folder of Torhaus'
  for (const command of ['start', 'check'])
    assert.deepEqual(await runTorhaus([command, '--config', configFile], program), {
      ...{ code: 1, out: '', error: `${says}\n` },
    })
  const { code, out } = await runTorhaus(['doctor', '--config', configFile, '--json'], program)
  assert.deepEqual([code, JSON.parse(out)], [1, { ok: false, error: says }])
})

test('what workers alone need is told once, by the start', async () => {
  const { code, error } = await runTorhaus(['start', '--config', configFile], cloneWithout('fastify'))
  assert.equal(code, 1)
  assert.equal(error, 'Torhaus cannot start: the package fastify is missing: run `npm ci` in the folder of Torhaus\n')
})

test('a package with a scope, a file of one, and a file of Torhaus itself are told apart', () => {
  const said = (what: string) =>
    missingPackage(
      Object.assign(new Error(`Cannot find ${what} imported from /x.ts`), { code: 'ERR_MODULE_NOT_FOUND' }),
    )
  assert.match(said("package '@redis/client'") ?? '', /^the package @redis\/client is missing/)
  assert.match(said("module '/opt/t/node_modules/pino/pino.js'") ?? '', /^the package pino is missing/)
  assert.match(said("module '/opt/t/node_modules/@redis/client/dist/index.js'") ?? '', /^the package @redis\/client is/)
  assert.match(said("module '/opt/t/src/system.ts'") ?? '', /^\/opt\/t\/src\/system\.ts of Torhaus is missing: install/)
  assert.equal(missingPackage(new Error('no')), undefined)
})
