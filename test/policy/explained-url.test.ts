/** What people type or paste for a URL behind `torhaus explain`, and requests that no rule is asked about. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { createPlace } from '../../devkit/mistakes/place.ts'
import { answeredWithoutRules, explainedTarget } from '../../src/cli/explained-target.ts'
import { runTorhaus } from '../cli/command-lab.ts'

test('what no client sends is refused, with what to write instead', () => {
  for (const [url, says] of [
    ['/tfs/Übersicht?q=zwei Wörter', /write \/tfs\/%C3%9Cbersicht\?q=zwei%20W%C3%B6rter$/],
    ['https://devops.example.com/wiki#part', /no client sends # and what follows it/],
    ['https://ada:secret@devops.example.com/', /^the URL contains a user: use --scheme and --account/],
    ['devops.example.com/wiki', /^'devops\.example\.com\/wiki' is not a URL or a path: a URL begins with https/],
    ['', /^'' is not a URL or a path/],
  ] as const)
    assert.throws(() => explainedTarget(url, 'GET'), { message: says })
})

test('a URL has its usual port or none, and a name in any case', () => {
  for (const url of ['https://devops.example.com:443/a?b', 'HTTPS://DevOps.example.com/a?b', '/a?b'])
    assert.deepEqual(explainedTarget(url, 'GET'), { raw: '/a?b', path: '/a' })
})

test('for another host, and for pages of Torhaus, no rule decides', async () => {
  using place = createPlace()
  const loaded = loadConfig(place.configFile, {})
  assert.ok(loaded.ok)
  const config: Config = { ...loaded.config, ownPages: { ...loaded.config.ownPages, publicUrl: 'https://signin.test' } }
  const why = (url: string) => answeredWithoutRules(url, explainedTarget(url, 'GET'), config)
  assert.match(why('https://elsewhere.test/x') ?? '', /does not answer to the name elsewhere\.test \(host-unknown\)$/)
  assert.match(why('/.torhaus/callback') ?? '', /belongs to the pages of Torhaus/)
  assert.match(why('https://signin.test/x') ?? '', /nothing but the pages of Torhaus at signin\.test/)
  for (const url of [`${config.publicUrl}/x`, '/x']) assert.equal(why(url), undefined)
  const { out, code } = await runTorhaus(['explain', '--config', place.configFile, 'GET', 'https://elsewhere.test/'])
  assert.deepEqual(
    [out, code],
    ['no rule decides: Torhaus does not answer to the name elsewhere.test (host-unknown)\n', 0],
  )
})
