/** The table "Who passes" of docs/second-factor.md, each cell for each class of client, enforced and report-only. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { clientClasses } from '../../config/client-classes.ts'
import { Secret } from '../../config/secret.ts'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { requireSecondFactor } from '../../middleware/require-second-factor.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import type { Authenticated, Credentials, Evidence, Principal } from '../../src/exchange.ts'
import { Grants } from '../../src/grants/grants.ts'
import { GRANT_SCHEMA, SqliteGrantStore } from '../../src/grants/sqlite-grant-store.ts'
import type { RuleSettings } from '../../src/policy/agent-token-rule.ts'
import { LastingRights } from '../../src/policy/lasting-rights.ts'
import { Rules } from '../../src/policy/rules.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const NOW_S = 1_800_000_000
const FRESH_S = 60
const lastingRights = { products: [], maxAgeSeconds: 900, reportOnly: false } as const
const grantSettings = {
  ...{ lifetimeSeconds: 3600, requestLifetimeSeconds: 600, ipv4PrefixBits: 32, ipv6PrefixBits: 64 },
  ...{ gitPathSegments: 0, pathSegments: 2, scopeReportOnly: false, requireBinding: false },
}
const accepted = {
  acceptAcr: ['mfa'],
  acceptAcrs: [],
  acceptAmr: [],
  maxAgeSeconds: 3600,
  reportOnly: [],
  acceptTicket: { indicators: ['otp'], sids: [] },
}
const settings = { ...accepted, lastingRights, grants: grantSettings }

const KINDS: Record<string, Partial<RuleSettings> | undefined> = {
  'no rule': undefined,
  '`nothing`': { require: 'nothing' },
  '`first-factor`': { require: 'first-factor' },
  '`second-factor`, fresh': { require: 'second-factor', maxAgeSeconds: FRESH_S },
  '`refuse`': { require: 'refuse' },
}

const SCHEMES: Record<string, Credentials> = {
  none: { scheme: 'none' },
  session: { scheme: 'session', id: '' },
  'session by ticket': { scheme: 'session', id: '' },
  'access token': { scheme: 'bearer', token: '', via: 'Bearer' },
  ticket: { scheme: 'negotiate', token: '' },
  password: { scheme: 'basic' } as Credentials,
  'personal access token': { scheme: 'pat', fingerprints: [], token: new Secret('') },
  'token of the origin server': { scheme: 'server-token' },
}

const directory = mkdtempSync(join(tmpdir(), 'torhaus-matrix-'))
const database = new SqliteDatabase(join(directory, 'grants.sqlite'), GRANT_SCHEMA)
const store = new SqliteGrantStore(database)
after(() => {
  database.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Row {
  readonly presented: string
  readonly cells: ReadonlyMap<string, string>
}

function rows(): Row[] {
  const lines = readFileSync(join(import.meta.dirname, '../../docs/second-factor.md'), 'utf8').split('\n')
  const start = lines.findIndex(line => line.startsWith('| Presented |'))
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim())
  const [, ...kinds] = cellsOf(lines[start] ?? '')
  assert.deepEqual(kinds, Object.keys(KINDS))
  const body = lines.slice(start + 2)
  return body.slice(0, body.indexOf('')).map(line => {
    const [presented = '', ...cells] = cellsOf(line)
    return { presented, cells: new Map(kinds.map((kind, index) => [kind, cells[index] ?? ''])) }
  })
}

function principalOf(parts: readonly string[]): Principal {
  const [scheme = ''] = parts
  if (scheme === 'none') return { kind: 'anonymous', because: 'credentials-missing' }
  if (scheme === 'personal access token' || scheme === 'token of the origin server') return { kind: 'server-checked' }
  const hasBoth = parts.includes('both factors')
  const byTicket = scheme.endsWith('ticket')
  const evidence: Evidence = {
    ...{ acr: hasBoth && !byTicket ? 'mfa' : undefined, acrs: [], amr: [] },
    ...(hasBoth && byTicket && { ticket: { indicators: ['otp'], sids: [] } }),
    authTime: parts.includes('older') ? NOW_S - 2 * FRESH_S : NOW_S,
  }
  const firstFactor = scheme === 'password' ? 'basic' : byTicket ? 'negotiate' : undefined
  return {
    ...{ kind: 'person', subject: 'ada', account: 'ada' },
    evidence: firstFactor === undefined ? evidence : { ...evidence, firstFactor },
  }
}

/** What the stage answers, in the words of the table; and what it reports. */
function decide(presented: string, rule: RuleSettings | undefined, changes: Partial<Authenticated>) {
  const parts = presented.split(', ')
  store.revokeGrantsOf(storedAccountKey('ada'))
  const grants = new Grants(
    store,
    new Sealer([randomBytes(32)]),
    { ...grantSettings, cacheMs: 0, maxCached: 1 },
    new Changes(),
    bothClocks(() => NOW_S * 1000),
  )
  const raw = '/repo/info/refs?service=git-upload-pack'
  const target = { raw, path: '/repo/info/refs' }
  const credentials = SCHEMES[parts[0] ?? '']
  assert.ok(credentials, presented)
  const exchange = {
    ...{ method: 'GET', target, credentials, principal: principalOf(parts), clientAddress: '192.0.2.1' },
    ...{ fields: { kept: {}, tokens: [] }, clientClass: 'git', isNavigation: false, replyFields: [], ...changes },
  } as unknown as Authenticated
  if (parts.includes('confirmed')) {
    const scope = grants.scopeOf(storedAccountKey('ada'), exchange)
    const grant = { id: 'g', clientAddress: '', userAgent: '', grantedAtMs: 0, expiresAtMs: (NOW_S + 1000) * 1000 }
    const request = { ...scope, ...grant, code: 'C', createdAtMs: 0, maxAgeSeconds: 0 }
    store.openRequest({ ...request, acceptAcr: undefined, cover: undefined }, NOW_S * 1000)
    const authTime = parts.includes('older') ? NOW_S - 2 * FRESH_S : NOW_S
    const evidence = { acr: 'mfa', acrs: [], amr: [], authTime }
    const times = { grantedAtMs: 0, expiresAtMs: grant.expiresAtMs }
    const confirmed = { cover: undefined, evidence, ...times, binding: undefined }
    store.confirm('C', { ...scope, id: 'g', clientAddress: '', userAgent: '', confirmations: [confirmed] })
  }
  const reported: string[] = []
  const stage = requireSecondFactor({
    ...{ settings: settings as never, rules: new Rules(rule === undefined ? [] : [rule]), grants },
    lastingRights: new LastingRights(lastingRights),
    ...{ offers: () => ['Bearer', 'Basic'], accountKey: storedAccountKey, now: () => NOW_S * 1000 },
    report: (_, name) => reported.push(name),
    asked: () => undefined,
    outsider: undefined,
    refusesPat: () => undefined,
    formsWithTokens: 'untyped',
  })
  const decision = stage(exchange)
  assert.ok(!(decision instanceof Promise))
  const link = decision.kind === 'deny' && decision.help?.confirm !== undefined
  const answer = { proceed: 'passes', challenge: '401', 'sign-in': 'sign-in', deny: link ? 'link' : '403' }[
    decision.kind
  ]
  return { answer, hasReported: reported.length > 0 }
}

const ruleOf = (kind: string, reportOnly: boolean): RuleSettings | undefined => {
  const when = { methods: [], schemes: [], clientClasses: [], networks: [], groups: [] }
  const change = KINDS[kind]
  return (
    change && {
      name: 'rule',
      reason: 'test',
      require: 'second-factor',
      when,
      reportOnly,
      allowIdentityChange: false,
      allowLastingRights: false,
      ...change,
    }
  )
}

const expectedFor = (cell: string, isNavigation: boolean) => cell.split(' / ').at(isNavigation ? -1 : 0)

const askers: Partial<Authenticated>[] = [
  ...clientClasses.map(clientClass => ({ clientClass, isNavigation: false })),
  { clientClass: 'browser', isNavigation: true },
]

for (const { presented, cells } of rows()) {
  for (const [kind, cell] of cells) {
    test(`${presented}, ${kind}: ${cell}, for every class of client`, () => {
      for (const asker of askers) {
        const expected = expectedFor(cell, asker.isNavigation === true)
        assert.equal(decide(presented, ruleOf(kind, false), asker).answer, expected, JSON.stringify(asker))
      }
    })
  }
  test(`${presented}, report-only rules: everything as with no rule, and reported what would have been refused`, () => {
    for (const [kind, cell] of cells) {
      if (kind === 'no rule') continue
      for (const asker of askers) {
        const isNavigation = asker.isNavigation === true
        const { answer, hasReported } = decide(presented, ruleOf(kind, true), asker)
        assert.equal(answer, expectedFor(cells.get('no rule') ?? '', isNavigation), kind)
        assert.equal(hasReported, expectedFor(cell, isNavigation) !== 'passes', kind)
      }
    }
  })
}
