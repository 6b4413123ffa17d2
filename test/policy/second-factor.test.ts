import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence } from '../../src/exchange.ts'
import { evidenceFrom } from '../../src/oidc/claims.ts'
import { judgeSecondFactor } from '../../src/policy/second-factor.ts'
import { ruleFor } from '../../src/policy/step-up.ts'

const NOW_S = 1_800_000_000
const rule = { acceptAcr: ['loa2'], acceptAcrs: ['c1'], acceptAmr: ['mfa', 'hwk'], maxAgeSeconds: 3600 }
const judge = (claims: Record<string, unknown>, accepted: Partial<typeof rule> = {}) =>
  judgeSecondFactor({ ...rule, ...accepted }, evidenceFrom({ auth_time: NOW_S, ...claims }), NOW_S * 1000)

test('any accepted acr, acrs or amr is enough', () => {
  for (const claims of [
    { acr: 'loa2' },
    { acrs: ['c9', 'c1'] },
    { acrs: 'c1' },
    { amr: ['pwd', 'hwk'] },
    { amr: 'mfa' },
  ])
    assert.equal(judge(claims), 'satisfied', JSON.stringify(claims))
})

test('a missing, other, partial or malformed claim is not enough', () => {
  const claims = [
    {},
    { acr: 'loa1' },
    { acr: ['loa2'] },
    { acr: 'loa2 ' },
    { acr: 'LOA2' },
    { acr: 2 },
    { amr: ['pwd'] },
  ]
  for (const each of [...claims, { amr: { 0: 'mfa' } }, { amr: [['mfa']] }, { amr: 'pwd mfa' }, { acrs: [null] }])
    assert.equal(judge(each), 'second-factor-missing', JSON.stringify(each))
})

test('a claim that is not configured counts for nothing', () => {
  const nothing = { acceptAcr: [], acceptAcrs: [], acceptAmr: [] }
  assert.equal(judge({ acr: 'loa2', acrs: ['c1'], amr: ['mfa'] }, nothing), 'second-factor-missing')
})

test('the authentication may be as old as maxAgeSeconds, a minute in the future, and no other', () => {
  const cases: [authTime: unknown, verdict: string][] = [
    [NOW_S - 3600, 'satisfied'],
    [NOW_S + 60, 'satisfied'],
    [NOW_S - 3601, 'second-factor-stale'],
    [NOW_S + 61, 'second-factor-stale'],
    [undefined, 'second-factor-stale'],
    [null, 'second-factor-stale'],
    [String(NOW_S), 'second-factor-stale'],
    [1e300, 'second-factor-stale'],
    [Number.NaN, 'second-factor-stale'],
  ]
  for (const [auth_time, verdict] of cases) assert.equal(judge({ acr: 'loa2', auth_time }), verdict, String(auth_time))
})

const ticketRule = { ...rule, acceptTicket: { indicators: ['otp'], sids: ['S-1-5-21-1-2-3-1601'] } }
const ticketWith = (indicators: readonly string[], sids: readonly string[], authTime = NOW_S): Evidence => ({
  ...{ acr: undefined, acrs: [], amr: [], firstFactor: 'negotiate', authTime },
  ticket: { indicators, sids },
})

test('an accepted indicator or SID of a ticket is enough, for as long as any sign-in', () => {
  for (const evidence of [ticketWith(['otp'], []), ticketWith([], ['S-1-5-21-1-2-3-1601'])]) {
    assert.equal(judgeSecondFactor(ticketRule, evidence, NOW_S * 1000), 'satisfied')
    assert.equal(judgeSecondFactor(ticketRule, evidence, (NOW_S + 3601) * 1000), 'second-factor-stale')
  }
})

test('another one is not, nor any where none is accepted or a rule wants an acr of its own', () => {
  const other = ticketWith(['hardened', 'OTP'], ['S-1-5-21-1-2-3-160', 'S-1-18-1'])
  assert.equal(judgeSecondFactor(ticketRule, other, NOW_S * 1000), 'second-factor-missing')
  const good = ticketWith(['otp'], [])
  assert.equal(judgeSecondFactor(rule, good, NOW_S * 1000), 'second-factor-missing')
  const wanted = ruleFor(ticketRule, { maxAgeSeconds: undefined, acceptAcr: ['loa3'] })
  assert.equal(judgeSecondFactor(wanted, good, NOW_S * 1000), 'second-factor-missing')
  const fresher = ruleFor(ticketRule, { maxAgeSeconds: 60, acceptAcr: undefined })
  assert.equal(judgeSecondFactor(fresher, good, NOW_S * 1000), 'satisfied')
})
