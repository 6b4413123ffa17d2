/** Passwords that were put to a KDC whose word of them was lost: it may have counted them towards the lock of the account. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { forgedKeytab, forgedTicket, sessionKey } from '../../../devkit/realm/forged-token.ts'
import { attemptMemory } from '../../../devkit/torhaus/attempt-memory.ts'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createDirectoryPasswords } from '../../../src/kerberos/directory-passwords.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import { KdcUnreachable } from '../../../src/kerberos/kdc/kdc-exchange.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { createPasswordVerifier } from '../../../src/kerberos/password.ts'
import { createPasswordVerdicts } from '../../../src/kerberos/password-verdicts.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { stringToKey } from '../../../src/kerberos/protocol/string-to-key.ts'
import { createAttemptLimits } from '../../../src/limits/attempt-limits.ts'
import { system } from '../../../src/system.ts'
import { asReply, proofWanted, refusal, tgsReply } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const AS_REQUEST = 0x6a
const nowMs = Math.floor(Date.now() / 1000) * 1000
const alice = canonicalPrincipal('alice', { realm: REALM })
const tgtKey = new EncryptionKey(18, Buffer.alloc(32, 3))
const lost = (): Buffer => {
  throw new KdcUnreachable('timeout', 'silent')
}

const folder = mkdtempSync(join(tmpdir(), 'torhaus-unheard-'))
writeFileSync(join(folder, 'keytab'), forgedKeytab())
const keytab = new KeytabFile(join(folder, 'keytab'))
after(() => {
  keytab[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

/** `answer`: to the message of that number, from 0 on, of each password. `kdcs`: so many get each. */
function passwordsWith(answer: (message: number, request: Buffer) => Buffer, kdcs = 1) {
  let tried = 0
  let message = 0
  const clock = { nowMs }
  const pool: KdcPool = {
    async ask(request, read, terms) {
      for (let kdc = 0; kdc < kdcs; kdc++) terms?.onPut?.()
      return read(answer(message++, request))
    },
    states: () => [],
  }
  const verifier = createPasswordVerifier({
    client: createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs }),
    gate: createKdcGate({ now: system.now, failureThreshold: 100 }),
    ...{ keytab, servicePrincipal: `HTTP/proxy.corp.test@${REALM}`, directory: { realm: REALM } },
  })
  const passwords = createDirectoryPasswords({
    verifier: {
      verify(...asked) {
        tried++
        message = 0
        return verifier.verify(...asked)
      },
    },
    limits: createAttemptLimits(attemptMemory(), {
      maxAccountFailures: 3,
      reservedAccountFailures: 0,
      now: () => clock.nowMs,
    }),
    verdicts: createPasswordVerdicts({ now: () => clock.nowMs }),
  })
  const check = (password: string) => {
    clock.nowMs += 60_000
    return passwords.check(alice, password, '192.0.2.1')
  }
  return { check, tried: () => tried }
}

test('count as wrong ones: a controller whose fellow is away is silent about those alone', async () => {
  const { check, tried } = passwordsWith(message => (message === 0 ? proofWanted(`${REALM}alice`, nowMs) : lost()))
  for (let guess = 0; guess < 3; guess++) await assert.rejects(check(`guess ${guess}`), { code: 'kdc-unreachable' })
  await assert.rejects(check('one more'), { code: 'password-limited' })
  assert.equal(tried(), 3)
})

test('a right one clears them, and the same one is asked about again', async () => {
  let isLost = true
  const key = await stringToKey(18, Buffer.from('right'), Buffer.from(`${REALM}alice`))
  const { check } = passwordsWith((message, request) => {
    if (message === 0) return proofWanted(`${REALM}alice`, nowMs)
    if (isLost) return lost()
    if (request[0] === AS_REQUEST) return asReply(request, { key, sessionKey: tgtKey, nowMs })
    const ticket = forgedTicket({ nowMs })
    return tgsReply(request, { key: tgtKey, sessionKey, ticket, nowMs, endMs: nowMs + 3_600_000, client: 'alice' })
  })
  for (let times = 0; times < 2; times++) await assert.rejects(check('right'), { code: 'kdc-unreachable' })
  isLost = false
  await check('right')
  isLost = true
  for (let guess = 0; guess < 3; guess++) await assert.rejects(check(`guess ${guess}`), { code: 'kdc-unreachable' })
  await assert.rejects(check('one more'), { code: 'password-limited' })
})

test('a wrong one that a second KDC was shown, since the first was slow, counts twice, as it may there', async () => {
  const answer = (message: number) => (message === 0 ? proofWanted(`${REALM}alice`, nowMs) : refusal(24, nowMs))
  const { check, tried } = passwordsWith(answer, 2)
  for (let guess = 0; guess < 2; guess++) await assert.rejects(check(`guess ${guess}`), { code: 'password-wrong' })
  await assert.rejects(check('one more'), { code: 'password-limited' })
  assert.equal(tried(), 2)
})

test('one that no KDC has seen counts for nothing, however often', async () => {
  const { check, tried } = passwordsWith(lost)
  for (let round = 0; round < 10; round++) await assert.rejects(check('any'), { code: 'kdc-unreachable' })
  assert.equal(tried(), 10)
})
