/**
 * What the PAC of a ticket says against its account (UserAccountControl, MS-PAC 2.5): in a ticket that somebody shows, in
 * the proof of a password, in an evidence ticket, and through all of Torhaus.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FLAGS_AT, forgedLogonInfo, recordedLogonInfo } from '../../../devkit/realm/forged-logon-info.ts'
import { carrying, forgedPac } from '../../../devkit/realm/forged-pac.ts'
import { forgedKeytab, forgedTicket, forgedToken, serviceKey, sessionKey } from '../../../devkit/realm/forged-token.ts'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../../devkit/torhaus/proxy-under-test.ts'
import { namesInEvidence } from '../../../src/kerberos/evidence-names.ts'
import { DerReader } from '../../../src/kerberos/protocol/der-reader.ts'
import { readKeytab } from '../../../src/kerberos/protocol/keytab.ts'
import { readLogonInfo } from '../../../src/kerberos/protocol/logon-info.ts'
import { PAC_BUFFER } from '../../../src/kerberos/protocol/pac.ts'
import { NAME_TYPE, nameOf } from '../../../src/kerberos/protocol/principal-name.ts'
import { readTicket } from '../../../src/kerberos/protocol/ticket.ts'
import { alice, type ForgedAcceptor, startForgedAcceptor } from './forged-acceptor.ts'

/** MS-SAMR 2.2.1.12. */
const NORMAL = 0x10
const DISABLED = 0x1
const TRUST = 0x40
const LOCKED = 0x400
const NOT_DELEGATED = 0x4000
const REFUSED: readonly (readonly [flags: number, code: string])[] = [
  [NORMAL | DISABLED, 'client-disabled'],
  [NORMAL | LOCKED, 'client-locked'],
  [NORMAL | LOCKED | DISABLED, 'client-disabled'],
  [TRUST, 'principal-malformed'],
]

const recorded = recordedLogonInfo()
const infoWith = (accountControl: number): Buffer => forgedLogonInfo({ accountControl })

/** Of a ticket that is made at that moment. */
const pacWith = (accountControl: number, nowMs: number) =>
  carrying(
    forgedPac(serviceKey, {
      ...{ name: 'alice', authTimeMs: nowMs - 60_000 },
      buffers: [[PAC_BUFFER.logonInfo, infoWith(accountControl)]],
    }),
  )

it('the flags are those of the account alone, whatever stands beside them', () => {
  const recordedFlags = readLogonInfo(recorded).accountControl
  assert.equal(recordedFlags & (NORMAL | DISABLED | LOCKED | TRUST | NOT_DELEGATED), NORMAL, 'of Samba, for alice')
  for (let bit = 0; bit < 32; bit++)
    assert.equal(readLogonInfo(infoWith((1 << bit) >>> 0)).accountControl, (1 << bit) >>> 0)
  const before = Buffer.from(recorded).fill(0xff, FLAGS_AT - 8, FLAGS_AT)
  const behind = Buffer.from(recorded).fill(0xff, FLAGS_AT + 4, FLAGS_AT + 12)
  for (const info of [before, behind]) assert.equal(readLogonInfo(info).accountControl, recordedFlags)
  for (let length = 0; length < FLAGS_AT + 4; length++)
    assert.throws(() => readLogonInfo(recorded.subarray(0, length)), { code: 'malformed' })
})

describe('a ticket', () => {
  let door: ForgedAcceptor
  before(() => {
    door = startForgedAcceptor()
  })
  after(() => door[Symbol.dispose]())
  const shown = (accountControl: number) => door.forged(pacWith(accountControl, door.nowMs))

  it('of an account that is disabled, locked, or that of a trust is refused, each time it is shown', async () => {
    for (const [flags, code] of REFUSED) {
      assert.equal(await shown(flags), code, flags.toString(16))
      const changes = pacWith(flags, door.nowMs)
      for (const _ of [1, 2]) assert.equal(await door.forged(changes), code, flags.toString(16))
    }
  })

  it('is not refused for a password that has expired, or whatever else the flags say', async () => {
    const refusing = DISABLED | LOCKED | TRUST
    for (let bit = 0; bit < 32; bit++) {
      const flag = (1 << bit) >>> 0
      if ((flag & refusing) === 0) assert.equal(await shown(flag), alice, flag.toString(16))
    }
    assert.equal(await shown((0xffff_ffff & ~refusing) >>> 0), alice)
  })
})

describe('an evidence ticket', () => {
  const nowMs = Date.UTC(2026, 5, 1)
  const keys = readKeytab(forgedKeytab()).entries
  const said = (accountControl: number) =>
    namesInEvidence(
      {
        ticket: readTicket(new DerReader(forgedTicket({ nowMs, ...pacWith(accountControl, nowMs) }))),
        client: nameOf('alice', NAME_TYPE.principal),
        ...{ sessionKey, clientRealm: 'CORP.TEST', flags: 0, endTimeMs: nowMs },
      },
      keys,
    )

  it('of an account that is disabled, locked, or that of a trust is no evidence', () => {
    for (const [flags, code] of REFUSED) assert.throws(() => said(flags), { code, operation: 's4u2self' })
    assert.equal(said(NORMAL).account, alice)
  })

  it('says that an account is sensitive', () => {
    assert.equal(said(NORMAL).protection, undefined)
    assert.equal(said(NORMAL | NOT_DELEGATED).protection, 'an account that is marked as sensitive')
  })
})

describe('through all of Torhaus, a ticket', () => {
  let folder: string
  let proxy: ProxyUnderTest
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'torhaus-account-flags-'))
    const keytabFile = join(folder, 'keytab')
    const ours = madeKeytab({ principal: 'svc-proxy@CORP.TEST' }).subarray(2)
    writeFileSync(keytabFile, Buffer.concat([forgedKeytab(), ours]))
    proxy = await startProxy({
      configure: config => ({
        ...configured()(config),
        kerberos: {
          ...{ realm: 'CORP.TEST', kdcs: ['127.0.0.1:9'], keytabFile, servicePrincipal: 'svc-proxy' },
          ...{ acceptPrincipal: 'HTTP/proxy.corp.test', replayCacheDirectory: join(folder, 'replay') },
        },
        secondFactor: {
          ...config.secondFactor,
          rules: [{ name: 'tickets', reason: 'a test', when: { schemes: ['negotiate'] }, require: 'first-factor' }],
        },
      }),
    })
  })
  after(async () => {
    await proxy.close()
    rmSync(folder, { recursive: true })
  })

  it('of such an account is refused with its reason, in the answer, in the log and in the metrics', async () => {
    const nowMs = Math.floor(Date.now() / 1000) * 1000
    const shown = async (accountControl: number, microseconds: number) => {
      const token = forgedToken({ nowMs, microseconds, ...pacWith(accountControl, nowMs) })
      return proxy.ask('GET /', [`Authorization: Negotiate ${token.toString('base64')}`])
    }
    assert.equal((await shown(NORMAL, 1)).status, 200)
    for (const [flags, state] of [
      [DISABLED, 'disabled'],
      [LOCKED, 'locked'],
    ] as const) {
      const answer = await shown(NORMAL | flags, flags)
      const code = `negotiate-account-${state}`
      assert.deepEqual([answer.status, answer.one('x-torhaus-error')], [401, code])
      const record = await proxy.record(answer)
      assert.deepEqual(
        [record['torhaus.code'], record['error.message']],
        [code, `name: client-${state} (by the flags of the account in its PAC)`],
      )
      const labels = `scheme="negotiate",client_class="other",outcome="challenged",code="${code}"`
      assert.equal(await proxy.metric(`torhaus_requests_total{${labels}}`), 1)
    }
  })
})
