/** Folders that Torhaus writes to, and that no option but the environment names: `check` finds what is wrong with them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { createPlace } from '../../devkit/mistakes/place.ts'
import { madeKeytab } from '../../devkit/realm/made-keytab.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'
import { replayFolderProblem } from '../../src/cli/environment-folders.ts'
import { openRuntimeDirectory } from '../../src/process/runtime-directory.ts'

const skip = process.platform === 'win32' && 'there are named pipes, and no owners of folders'
/** As far as it is looked at here. */
const kerberos = {} as NonNullable<Config['kerberos']>

test('a folder for the sockets of workers that is not there is named by check, and by the start, with its variable', {
  skip,
}, () => {
  using place = createPlace()
  const missing = join(place.file('.'), 'gone')
  const environment = { ...process.env, RUNTIME_DIRECTORY: missing }
  const check = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [torhausCommand, 'check', '--config', place.configFile], { env, encoding: 'utf8' })
  const { status, stdout: out } = check(environment)
  assert.equal(status, 0)
  assert.match(
    out,
    /^warning: RUNTIME_DIRECTORY: the folder \S+gone does not exist: create it .*over their channel only$/m,
  )
  assert.throws(() => openRuntimeDirectory(environment), /^Error: RUNTIME_DIRECTORY: the folder \S+gone does not exist/)
  assert.doesNotMatch(check(process.env).stdout, /RUNTIME_DIRECTORY|TMPDIR/)
})

test('the folder of seen tickets that the environment chooses is looked at as one that is configured', { skip }, () => {
  using place = createPlace()
  const parent = place.file('.')
  const found = (folder: string, config: Config['kerberos'] = kerberos) =>
    replayFolderProblem(config, { KRB5RCACHEDIR: join(parent, folder) })
  const own = `torhaus-replay-${process.getuid?.()}`
  assert.equal(found('.'), undefined)
  writeFileSync(join(parent, 'file'), '')
  assert.match(found('file') ?? '', /^kerberos\.replayCacheDirectory: \S+file is not a folder; .*KRB5RCACHEDIR/)
  mkdirSync(join(parent, own))
  chmodSync(join(parent, own), 0o777)
  assert.match(found('.') ?? '', /^kerberos\.replayCacheDirectory: \S+ can be written by other accounts/)
  assert.equal(found('file', { ...kerberos, replayCacheDirectory: parent }), undefined)
  assert.equal(replayFolderProblem(undefined, { KRB5RCACHEDIR: join(parent, 'file') }), undefined)
})

test('check and the start end with that problem, before a store is made', { skip }, () => {
  using place = createPlace()
  place.write('torhaus.keytab', madeKeytab({ principal: 'HTTP/devops.example.com@CORP.EXAMPLE' }))
  place.edit(/$/, 'kerberos: { realm: CORP.EXAMPLE, servicePrincipal: svc-torhaus, keytabFile: torhaus.keytab }\n')
  place.edit(
    'servicePrincipal: svc-torhaus,',
    'servicePrincipal: svc-torhaus, acceptPrincipal: HTTP/devops.example.com,',
  )
  writeFileSync(place.file('file'), '')
  const env = { ...process.env, KRB5RCACHEDIR: place.file('file') }
  for (const command of ['check', 'start']) {
    const args = [torhausCommand, command, '--config', place.configFile]
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 60_000 })
    assert.match(stderr, /torhaus\.yaml: kerberos\.replayCacheDirectory: \S+file is not a folder; it is not set/)
    assert.equal(status, 78, command)
  }
  assert.deepEqual(readdirSync(place.file('data')), [])
})
