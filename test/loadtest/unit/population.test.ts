import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { credentialFields, smallRequest } from '../../../loadtest/credential-fields.ts'
import { readLists } from '../../../loadtest/generators/lists.ts'
import type { LoadRequest } from '../../../loadtest/load.ts'
import { newMeasured, sumUp } from '../../../loadtest/measure/figures.ts'
import { createPopulation, USUAL_SIZE } from '../../../loadtest/measure/population.ts'
import { populationCost } from '../../../loadtest/measure/population-cost.ts'
import { populationText } from '../../../loadtest/results/population-text.ts'
import { missionDay } from '../../../loadtest/scenarios/mission-day.ts'

const credentials = credentialFields({ cookie: '__Host-Http-torhaus=mine', accessToken: 'own', ticket: 'YI' }, false)
const size = { sessions: 30, personalAccessTokens: 20, accessTokens: 10, principals: 5, tickets: 4 }

/** Accounts of what was made, and who sends: what stands in the place of the credentials in each of many requests. */
async function sendersOf(t: TestContext, requests: readonly LoadRequest[]) {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-population-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const made = (accounts: readonly string[]) => accounts.map((account, index) => `${account}_${index}`)
  const registry = {
    directory,
    accountOf: (index: number) => `user-${index}`,
    sessionsFor: async (accounts: readonly string[]) => made(accounts),
    accessTokensFor: async (accounts: readonly string[]) => made(accounts).map(token => `jwt.${token}`),
  }
  const population = await createPopulation(requests, size, registry, '')
  const anyones = readLists(population?.lists ?? {})
  const sent = requests.flatMap(request =>
    Array.from({ length: 400 }, () => anyones(population?.anyones(request) ?? request)),
  )
  return { population, sent }
}

test('each request is of one of the sessions at random, which are of so many principals', async t => {
  const { population, sent } = await sendersOf(t, [smallRequest(credentials, 'session')])
  assert.deepEqual(population?.size, { sessions: 30, principals: 5 })
  const cookies = new Set(sent.map(({ fields }) => fields.Cookie ?? ''))
  assert.equal(cookies.size, 30)
  for (const cookie of cookies) assert.match(cookie, /^theme=dark; __Host-Http-torhaus=user-[0-4]_\d+$/)
})

test('a mix has as many sessions, tokens and personal access tokens as it should, and nobody sends as the first user', async t => {
  assert.ok(missionDay.kind === 'requests')
  const requests = missionDay.requests(credentials)
  const { population, sent } = await sendersOf(t, requests)
  const { tickets: _, ...used } = size
  assert.deepEqual(population?.size, used)
  const seen = (pattern: RegExp) =>
    new Set(sent.flatMap(({ fields }) => pattern.exec(fields.Authorization ?? fields.Cookie ?? '')?.[0] ?? [])).size
  assert.deepEqual([seen(/torhaus=.+/), seen(/^Basic .+/), seen(/^Bearer jwt.+/)], [30, 20, 10])
  assert.equal(seen(/torhaus=mine|Bearer own/), 0)
  assert.deepEqual(
    sent.map(({ target }) => target),
    requests.flatMap(({ target }) => Array(400).fill(target)),
  )
})

test('tickets differ already: no list stands for them', async t => {
  const { population, sent } = await sendersOf(t, [smallRequest(credentials, 'negotiate')])
  assert.deepEqual(population?.size, { tickets: 4 })
  assert.deepEqual(population?.lists, {})
  assert.equal(sent[0]?.fields.Authorization, 'Negotiate YI')
})

test('what many cost beside one is taken per round, and held against its goal', () => {
  const figures = (...cpuUs: number[]) => {
    const measured = newMeasured()
    const rest = { durationS: 1, bytes: 0, errors: 0, residentBytes: 0, upstreamSockets: 0, generatorCpuUs: undefined }
    for (const used of cpuUs) measured.turns.push({ ...rest, requests: 1, cpuUs: used })
    return sumUp(measured)
  }
  const all = new Map([
    ['torhaus', figures(60, 50, 44)],
    ['torhaus-1', figures(50, 40, 40)],
    ['torhaus-100000', figures(60, 80, 60)],
  ])
  const counts = new Map(Object.entries({ torhaus: USUAL_SIZE.sessions, 'torhaus-1': 1, 'torhaus-100000': 100_000 }))
  const comparisons = populationCost('session', all, counts)
  assert.deepEqual(comparisons, [
    {
      what: '10,000 identities, cost beside one',
      ...{ measured: { median: 1.2, least: 1.1, most: 1.25 }, digits: 2, atMost: 1.25 },
    },
    {
      what: '100,000 identities, cost beside one',
      ...{ measured: { median: 1.5, least: 1.2, most: 2 }, digits: 2, atMost: 1.5 },
    },
  ])
  assert.deepEqual(populationCost('session', all, new Map([['torhaus', 10_000]])), [])
})

test('a population in words', () => {
  assert.equal(
    populationText(USUAL_SIZE),
    '10,000 sessions and 10,000 access tokens of 5,000 principals, 20,000 personal access tokens, 5,000 principals with a ticket each',
  )
  assert.equal(populationText({ personalAccessTokens: 20_000 }), '20,000 personal access tokens')
  assert.equal(populationText({ principals: 3 }), '3 principals')
  assert.equal(populationText({ principals: 1 }), 'one identity')
})
