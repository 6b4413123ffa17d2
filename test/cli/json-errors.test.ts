/** What a program reads that asked for JSON, where the command cannot come to its result. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlace } from '../../devkit/mistakes/place.ts'
import { runTorhaus } from './command-lab.ts'

const COMMANDS = [['doctor'], ['op-check'], ['sessions', 'list']]

for (const command of COMMANDS) {
  const name = command.join(' ')

  test(`${name} --json prints one JSON document where the configuration is wrong`, async () => {
    using place = createPlace()
    place.edit('clientId: torhaus', 'clientId: 7')
    const { code, out, error } = await runTorhaus([...command, '--config', place.configFile, '--json'])
    assert.equal(code, 78)
    assert.match(error, /oidc\.clientId: /)
    assert.deepEqual(JSON.parse(out), { ok: false, error: error.trimEnd() })
  })

  test(`${name} --json prints one JSON document where its arguments are wrong`, async () => {
    const { code, out, error } = await runTorhaus([...command, '--json'])
    assert.equal(code, 2)
    assert.match(error, /^--config FILE is needed\nusage: /)
    assert.deepEqual(JSON.parse(out), { ok: false, error: '--config FILE is needed' })
  })
}

test('sessions list --json prints one JSON document where the store is away, and logs beside it', async () => {
  using place = createPlace()
  place.edit('sqlite: { file: data/torhaus.sqlite }', "kind: redis, redis: { urls: ['redis://127.0.0.1:1'] }")
  const args = ['sessions', 'list', '--config', place.configFile, '--account', 'ada', '--json']
  const { code, out, error } = await runTorhaus(args)
  assert.equal(code, 1)
  assert.match(error, /"torhaus\.store":"away"/)
  const { ok, error: why } = JSON.parse(out)
  assert.equal(ok, false)
  assert.match(
    why,
    /^nobody can be listed: Redis \(redis:\S+\) cannot be used: connect ECONNREFUSED .*run the command again$/,
  )
})
