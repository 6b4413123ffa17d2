/** What was admitted by a ticket or a password is judged again without either. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../config/secret.ts'
import type { AccountKey } from '../../src/account-key.ts'
import { type ReauthorizeParts, reauthorize } from '../../src/app/reauthorize.ts'
import { deny } from '../../src/decision.ts'
import { Fault } from '../../src/errors.ts'
import type { Credentials, Delegated, Evidence } from '../../src/exchange.ts'
import { CertificateFactor } from '../../src/identity/certificate-factor.ts'
import { noIdentity } from '../../src/identity/identity-out.ts'
import type { RuleSettings } from '../../src/policy/agent-token-rule.ts'
import { LastingRights } from '../../src/policy/lasting-rights.ts'
import { Rules } from '../../src/policy/rules.ts'

const NOW_S = 1_800_000_000
const SECOND_FACTOR: Evidence = { acr: 'mfa', acrs: [], amr: [], authTime: NOW_S - 100 }
const TICKET: Evidence = { acr: undefined, acrs: [], amr: [], authTime: NOW_S - 100, firstFactor: 'negotiate' }

const firstFactorIsEnough: RuleSettings = {
  ...{
    name: 'office',
    reason: 'a test',
    require: 'first-factor',
    reportOnly: false,
    allowIdentityChange: false,
    allowLastingRights: false,
  },
  when: { methods: [], schemes: [], clientClasses: [], networks: [], groups: [] },
}

function partsWith({ rules = [], session, grant }: { rules?: RuleSettings[]; session?: object; grant?: object }) {
  const forbidden = (what: string) => () => assert.fail(`${what} is not asked for`)
  const sessions = { find: forbidden('a use of the session'), peek: () => session, open: forbidden('a new session') }
  const parts = {
    sessions,
    authenticate: {
      sessions,
      refresh: { mayGoOn: () => true },
      accessTokens: undefined,
      firstFactor: { byNegotiate: forbidden('the ticket'), byPassword: forbidden('the password') },
      ticketOpensSession: () => true,
      accountKey: (account: string) => account,
      mismatch: forbidden('a report'),
      publicOrigin: 'https://devops.example',
      now: () => NOW_S * 1000,
    },
    secondFactor: {
      settings: {
        ...{ acceptAcr: ['mfa'], acceptAcrs: [], acceptAmr: [], acceptTicket: { indicators: ['otp'], sids: [] } },
        ...{ maxAgeSeconds: 3600, reportOnly: [], grants: {} },
      },
      lastingRights: new LastingRights({ products: [] }),
      rules: new Rules(rules),
      grants: { find: () => grant, scopeOf: () => ({}), ask: forbidden('a grant') },
      offers: () => ['Basic'],
      accountKey: (account: string) => account,
      now: () => NOW_S * 1000,
      report: forbidden('a report'),
      asked: forbidden('a question'),
    },
    refusesPat: () => undefined,
    ...{ identityOut: noIdentity, keepsBesideTokens: false },
  }
  return parts as unknown as ReauthorizeParts
}

const credentials: Record<string, Credentials> = {
  ticket: { scheme: 'negotiate', token: 'spent' },
  password: { scheme: 'basic', username: 'ada', password: new Secret('gone') },
}

const exchange = (by: Credentials | undefined, evidence: Evidence, more: object = {}) =>
  ({
    ...{
      method: 'GET',
      handshake: {},
      fields: { kept: {}, forward: [], tokens: [] },
      clientClass: 'browser',
      isNavigation: false,
    },
    ...{ target: { raw: '/', path: '/' }, credentials: by, clientAddress: '192.0.2.1' },
    ...{ principal: { kind: 'person', subject: 'ada', account: 'ada', evidence }, ...more },
  }) as unknown as Delegated

for (const [name, by] of Object.entries(credentials)) {
  test(`a ${name} stays good where one factor is enough`, async () => {
    const refusal = reauthorize(partsWith({ rules: [firstFactorIsEnough] }))
    assert.equal(await refusal(exchange(by, TICKET)), undefined)
  })

  test(`a ${name} stays good as long as the grant does`, async () => {
    const grant = { confirmations: [{ cover: undefined, evidence: SECOND_FACTOR }] }
    assert.equal(await reauthorize(partsWith({ grant }))(exchange(by, TICKET)), undefined)
    assert.equal(await reauthorize(partsWith({}))(exchange(by, TICKET)), 'second-factor-missing')
  })

  test(`a ${name} with the second factor of a session stays good as long as the session does`, async () => {
    const companion = { companionSession: 'id' }
    const session = { record: { account: 'ada', evidence: SECOND_FACTOR } }
    const of = (now: object | undefined) =>
      reauthorize(partsWith(now === undefined ? {} : { session: now }))(exchange(by, SECOND_FACTOR, companion))
    assert.equal(await of(session), undefined)
    assert.equal(await of({ record: { account: 'bob', evidence: SECOND_FACTOR } }), 'account-mismatch')
    assert.equal(await of(undefined), 'second-factor-missing')
  })
}

test('the session beside a ticket or a password brings its groups along, too', async () => {
  const when = { ...firstFactorIsEnough.when, groups: ['contractors'] }
  const rules: RuleSettings[] = [{ ...firstFactorIsEnough, name: 'contractors', require: 'refuse', when }]
  const of = (by: Credentials | undefined, groups: readonly string[], ownGroups?: readonly string[]) => {
    const session = { record: { account: 'ada', evidence: SECOND_FACTOR, groups } }
    const principal = { kind: 'person', subject: 'ada', account: 'ada', evidence: TICKET, groups: ownGroups }
    return reauthorize(partsWith({ rules, session }))(exchange(by, TICKET, { companionSession: 'id', principal }))
  }
  for (const by of Object.values(credentials)) {
    assert.equal(await of(by, ['contractors']), 'rule-refuses')
    assert.equal(await of(by, ['contractors'], ['S-1-5-21-1-2-3-1601']), 'rule-refuses')
    assert.equal(await of(by, ['staff'], ['contractors']), 'rule-refuses')
    assert.equal(await of(by, ['staff']), undefined)
  }
})

test('groups that the session has lost since count no more, and those of the ticket do', async () => {
  const ruleFor = (group: string): RuleSettings => ({
    ...{ ...firstFactorIsEnough, require: 'refuse' },
    when: { ...firstFactorIsEnough.when, groups: [group] },
  })
  const [ofSession, ofTicket] = ['contractors', 'S-1-5-21-1-2-3-1601']
  const lent = { groups: [ofTicket, ofSession], ticketGroups: [ofTicket] }
  const principal = { kind: 'person', subject: 'ada', account: 'ada', evidence: SECOND_FACTOR, ...lent }
  const session = { record: { account: 'ada', evidence: SECOND_FACTOR, groups: ['staff'] } }
  const of = (group: string) =>
    reauthorize(partsWith({ rules: [ruleFor(group)], session }))(
      exchange(credentials.ticket, SECOND_FACTOR, { companionSession: 'id', principal }),
    )
  assert.deepEqual([await of(ofSession), await of(ofTicket)], [undefined, 'rule-refuses'])
})

test('who is known by a certificate stays so until it ends or its list is overdue, and others with it only as whom it names', async () => {
  const parts = partsWith({ rules: [firstFactorIsEnough] })
  const key = (account: string) => account as AccountKey
  const certificates = new CertificateFactor({ firstFactor: true }, key, () => NOW_S * 1000)
  const refusal = reauthorize({ ...parts, authenticate: { ...parts.authenticate, certificates } })
  const shown = (account: string, leftMs: number, checkedMs = 1) => {
    const [notAfterMs, uncheckedFromMs] = [NOW_S * 1000 + leftMs, NOW_S * 1000 + checkedMs]
    return { certificate: { account, notAfterMs, uncheckedFromMs } }
  }
  const alone = (leftMs: number) =>
    exchange({ scheme: 'none' }, { ...TICKET, firstFactor: 'certificate' }, shown('ada', leftMs))
  assert.equal(await refusal(alone(1)), undefined)
  assert.equal(await refusal(alone(0)), 'client-certificate-expired')
  const late = exchange({ scheme: 'none' }, { ...TICKET, firstFactor: 'certificate' }, shown('ada', 1, 0))
  assert.equal(await refusal(late), 'client-certificate-unchecked')
  assert.equal(await refusal(exchange(credentials.ticket, TICKET, shown('ada', 1))), undefined)
  assert.equal(await refusal(exchange(credentials.ticket, TICKET, shown('bob', 1))), 'client-certificate-mismatch')
})

test('who may go to the server no more, as an account that was disabled, is refused; who cannot be asked about stays', async () => {
  let delegate: () => ReturnType<typeof noIdentity.delegate> = () => noIdentity.delegate('ada')
  const identityOut = { ...noIdentity, delegate: () => delegate() }
  const refusal = reauthorize({ ...partsWith({ rules: [firstFactorIsEnough] }), identityOut })
  const again = () => refusal(exchange(credentials.ticket, TICKET))
  assert.equal(await again(), undefined)
  delegate = async () => deny('delegation-account-disabled')
  assert.equal(await again(), 'delegation-account-disabled')
  delegate = () => Promise.reject(new Fault('kdc-unreachable'))
  await assert.rejects(again(), { code: 'kdc-unreachable' })
})

test('a ticket that has proven two factors stays good until that is too long ago', async () => {
  const refusal = reauthorize(partsWith({}))
  const provenAgo = (ageS: number, indicator: string) => {
    const evidence = { ...TICKET, authTime: NOW_S - ageS, ticket: { indicators: [indicator], sids: [] } }
    return refusal(exchange(credentials.ticket, evidence))
  }
  assert.equal(await provenAgo(3600, 'otp'), undefined)
  assert.equal(await provenAgo(3601, 'otp'), 'second-factor-stale')
  assert.equal(await provenAgo(0, 'hardened'), 'second-factor-missing', 'as the configuration has it now')
})
