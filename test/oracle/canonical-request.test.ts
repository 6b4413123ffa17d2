/**
 * No rule set and no spelling lets a request through that its canonical form would not: whatever path a real server
 * reads out of a target, the rules are not kinder to the target than to that path.
 */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { iis, nodeUrl, nodeUrlDecoded, type PathReader, systemWeb } from '../../devkit/oracle/path-reader.ts'
import { type PathServers, startPathServers } from '../../devkit/oracle/path-servers.ts'
import { RequestFieldReader, type RequestFields } from '../../src/http/request-fields.ts'
import { type RequestReadings, requestReadings } from '../../src/http/request-readings.ts'
import { parseRequestTarget } from '../../src/http/request-target.ts'
import type { RuleSettings } from '../../src/policy/agent-token-rule.ts'
import type { Facts } from '../../src/policy/conditions.ts'
import { Rules } from '../../src/policy/rules.ts'

const RUNS = 1200
const LIMIT_MS = 30_000

let servers: PathServers
let readers: readonly PathReader[]
before(async () => {
  servers = await startPathServers()
  readers = [...servers.readers, nodeUrl, nodeUrlDecoded, iis(false), iis(true), systemWeb]
})
after(() => servers.close())

const segment = fc.constantFrom('tfs', '_admin', 'users', 'badge', 'x', 'a-b')
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map(segments => `/${segments.join('/')}`)

const pattern = path.chain(start =>
  fc.constantFrom(start, `${start}(/.*)?`, `${start}/[^/]+`, `${start}/.*`, `${start}/[a-z]+(/x)*`),
)
const rule = fc.record({ pattern, require: fc.constantFrom('refuse', 'nothing', 'first-factor', 'second-factor') })
const ruleSet = fc.array(rule, { minLength: 1, maxLength: 4 }).map(rules =>
  rules.map(
    ({ pattern: source, require }, index): RuleSettings => ({
      ...{
        name: `rule-${index}`,
        reason: 'test',
        require,
        reportOnly: false,
        allowIdentityChange: false,
        allowLastingRights: false,
      },
      when: { path: source, methods: [], schemes: [], clientClasses: [], networks: [], groups: [] },
    }),
  ),
)

const hex = (character: string, digits: number) => character.charCodeAt(0).toString(16).padStart(digits, '0')

/** Ways to write a character; the first is as it is. */
const WRITTEN: readonly ((character: string) => string)[] = [
  character => character,
  character => `%${hex(character, 2)}`,
  character => `%${hex(character, 2).toUpperCase()}`,
  character => `%25${hex(character, 2)}`,
  character => `%u${hex(character, 4)}`,
  character => character.toUpperCase(),
  character => (character === '/' ? '\\' : character),
  character => (character === '/' ? '%5c' : character),
  character => (character === '/' ? '%c0%af' : character),
  character => (character === '/' ? '//' : character),
  character => (character === '/' ? '/./' : character),
  character => (character === '/' ? '/y/../' : character),
  character => (character === '/' ? '/y%2f%2e%2e%2f' : character),
  character => (character === '/' ? ';p=1/' : character),
  character => (character === '/' ? '/..;/' : character),
  character => (character === '/' ? './' : character),
  character => (character === '/' ? '/(S(y))/' : character),
  character => (character === '/' ? '/%28A(y)S%28%29)/' : character),
]
const ENDS = ['', '/', '/.', '.', '%20', ';x', '%2f', '/y/..', '//', '\\', '%3fq', '?q=/badge/x', '%2e']

/** Most characters stand as they are. */
const ways = fc.array(fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.nat(WRITTEN.length - 1)), {
  ...{ minLength: 40, maxLength: 40 },
})
const target = fc
  .tuple(path, ways, fc.constantFrom(...ENDS))
  .map(
    ([plain, chosen, end]) => [...plain].map((character, at) => WRITTEN[chosen[at] ?? 0]?.(character)).join('') + end,
  )
  .filter(text => text.startsWith('/'))

const fields = new RequestFieldReader([], 10).read([]) as RequestFields

function factsOf(raw: string, written: string, readings: RequestReadings | undefined): Facts {
  return {
    ...{ method: 'GET', target: { raw, path: written }, readings, fields, clientAddress: '192.0.2.1' },
    ...{ clientClass: 'other', credentials: { scheme: 'none' } },
    principal: { kind: 'anonymous', because: 'credentials-missing' },
  }
}

type Passing = Readonly<Record<'nobody' | 'one factor' | 'a token of the server', boolean>>

function passing(rules: Rules, facts: Facts): Passing {
  const { decides, also } = rules.read(facts)
  const required = [decides, ...also].map(({ require }) => require)
  return {
    nobody: required.every(require => require === 'nothing'),
    'one factor': required.every(require => require === 'nothing' || require === 'first-factor'),
    'a token of the server': !required.includes('refuse'),
  }
}

/** What a server reads is judged as it is: it is what the server means. */
const asRead = (read: string) => factsOf(read, read, undefined)

function asSent(raw: string): Facts | undefined {
  const parsed = parseRequestTarget(raw, 'GET', 'oracle.example')
  if (typeof parsed === 'string') return undefined
  const readings = requestReadings('GET', parsed, fields)
  return typeof readings === 'string' ? undefined : factsOf(raw, parsed.path, readings)
}

test('what passes as it is spelled passes as any server reads it', async (context: TestContext) => {
  const seed = Date.now() & 0x7fffffff
  context.diagnostic(`seed ${seed}`)
  const seen = { cases: 0, refusedAsRead: 0 }
  const property = fc.asyncProperty(ruleSet, target, async (settings, raw) => {
    const facts = asSent(raw)
    if (facts === undefined) return
    const rules = new Rules(settings)
    const sent = passing(rules, facts)
    const meant = await Promise.all(readers.map(async reader => ({ reader, read: await reader.read(raw) })))
    for (const { reader, read } of meant) {
      if (read === undefined) continue
      seen.cases++
      const canonical = passing(rules, asRead(read))
      for (const who of Object.keys(sent) as (keyof Passing)[]) {
        if (!canonical[who]) seen.refusedAsRead++
        assert.ok(canonical[who] || !sent[who], `${who}: ${raw}, which ${reader.name} reads as ${read}`)
      }
    }
  })
  const details = await fc.check(property, { seed, numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS })
  context.diagnostic(`${details.numRuns} runs, ${seen.cases} readings, ${seen.refusedAsRead} refused as read`)
  assert.ok(!details.failed || details.interrupted, fc.defaultReportMessage(details) ?? '')
  assert.ok(details.counterexample === null, fc.defaultReportMessage(details) ?? '')
  // A property that never meets a refusal says nothing.
  assert.ok(seen.refusedAsRead > details.numRuns, JSON.stringify(seen))
})
