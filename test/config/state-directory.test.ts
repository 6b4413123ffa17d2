/** Where the store is by default: where the service manager says, or beside the configuration. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { stateDirectoryIn } from '../../config/environment.ts'
import { loadConfig } from '../../config/load.ts'
import { createPlace } from '../../devkit/mistakes/place.ts'
import { runTorhaus } from '../cli/command-lab.ts'

function storeFileOf(configFile: string, environment: object): string {
  const loaded = loadConfig(configFile, environment)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  return loaded.config.session.store.sqlite.file
}

test('the store is in STATE_DIRECTORY where the configuration names none, and the first of several', () => {
  using place = createPlace()
  const state = join(place.directory, 'data')
  assert.equal(storeFileOf(place.configFile, { STATE_DIRECTORY: '/elsewhere' }), join(state, 'torhaus.sqlite'))
  place.edit('  store: { sqlite: { file: data/torhaus.sqlite } }\n', '')
  assert.equal(storeFileOf(place.configFile, {}), join(place.directory, 'torhaus.sqlite'))
  for (const directories of [state, `${state}:/elsewhere`])
    assert.equal(storeFileOf(place.configFile, { STATE_DIRECTORY: directories }), join(state, 'torhaus.sqlite'))
})

test('the colon behind the letter of a drive separates no folders', () => {
  assert.equal(stateDirectoryIn({ STATE_DIRECTORY: 'C:\\ProgramData\\torhaus' }), 'C:\\ProgramData\\torhaus')
  assert.equal(stateDirectoryIn({ STATE_DIRECTORY: 'd:/torhaus:e:/other' }), 'd:/torhaus')
})

test('sessions are ended in a store that is there, and none is made for it', async () => {
  using place = createPlace()
  const { code, error } = await runTorhaus(['sessions', 'end', '--config', place.configFile, '--account', 'ada'])
  assert.equal(code, 1)
  assert.match(
    error,
    /^there is no store at [^\n]*data\/torhaus\.sqlite, so nothing has been ended: [^\n]*STATE_DIRECTORY/,
  )
})
