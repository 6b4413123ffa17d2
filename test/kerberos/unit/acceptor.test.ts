/**
 * The acceptor against recorded tokens: each field that is open to change is changed, and the clock is moved to every
 * edge.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import {
  bareToken,
  curlToken,
  keytabOctets,
  recordedKeytab,
  takenAtMs,
} from '../../../devkit/kerberos/recorded-tokens.ts'
import { type Acceptor, createAcceptor } from '../../../src/kerberos/acceptor.ts'
import { KerberosError } from '../../../src/kerberos/kerberos-error.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { openAuthenticator, readApRequest } from '../../../src/kerberos/protocol/ap-request.ts'
import { apRequestIn } from '../../../src/kerberos/protocol/gss-token.ts'
import { openTicket } from '../../../src/kerberos/protocol/ticket.ts'

const HOUR_MS = 3_600_000
const service = 'HTTP/proxy.corp.test@CORP.TEST'
let directory: string
let nowMs = takenAtMs

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'torhaus-acceptor-'))
  writeFileSync(join(directory, 'keytab'), keytabOctets)
})
after(() => rmSync(directory, { recursive: true }))

/** Without a memory of what it saw: each change is judged by itself. */
const acceptor = (services: readonly string[] = [service]): Acceptor =>
  createAcceptor({
    ...{ keytab: new KeytabFile(join(directory, 'keytab')), services },
    directory: { realm: 'CORP.TEST' },
    replays: { check: async () => undefined, [Symbol.dispose]: () => undefined },
    now: () => nowMs,
  })

async function outcome(accepting: Acceptor, token: Buffer): Promise<string> {
  try {
    return (await accepting.accept(token)).principal
  } catch (error) {
    assert(error instanceof KerberosError && error.code !== 'internal', `${error}`)
    return error.code
  }
}

describe('a recorded token', () => {
  it('is alice, wrapped or bare', async () => {
    using accepting = acceptor()
    for (const token of [curlToken, bareToken]) assert.equal(await outcome(accepting, token), 'alice@CORP.TEST')
  })

  it('is refused with each single bit changed, save those that Kerberos leaves open', async () => {
    const open: number[] = []
    using accepting = acceptor()
    for (let bit = 0; bit < curlToken.length * 8; bit++) {
      const changed = Buffer.from(curlToken)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const found = await outcome(accepting, changed)
      if (found === 'alice@CORP.TEST') open.push(bit >> 3)
    }
    // Realm and name of the ticket and the number of its key stand in clear, and so do the options but for two; the
    // mechanisms that are offered beside the first are nobody's promise.
    const where = new Set(open)
    const { ticket, authenticator } = readApRequest(apRequestIn(bareToken))
    const closed = ticket.encrypted.cipher.length + authenticator.cipher.length
    assert(where.size < 80, `${where.size} octets of ${curlToken.length - closed} outside the ciphertexts`)
  })

  it('is refused with any other change, with a code, and never as somebody else', async () => {
    using accepting = acceptor()
    const change = fc.record({
      token: fc.constantFrom(curlToken, bareToken),
      at: fc.nat(),
      removed: fc.nat({ max: 40 }),
      put: fc.uint8Array({ maxLength: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        let token = changes[0]?.token ?? curlToken
        for (const { at, removed, put } of changes) {
          const start = at % token.length
          token = Buffer.concat([token.subarray(0, start), put, token.subarray(start + removed)])
        }
        const found = await outcome(accepting, token)
        assert(found === 'alice@CORP.TEST' || !found.includes('@'), found)
      }),
      { numRuns: 5_000 },
    )
  })

  it('is nothing but refused where the octets are arbitrary', async () => {
    using accepting = acceptor()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async octets => {
        assert.equal((await outcome(accepting, Buffer.from(octets))).includes('@'), false)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the clock', () => {
  const at = async (ms: number): Promise<string> => {
    nowMs = ms
    try {
      using accepting = acceptor()
      return await outcome(accepting, bareToken)
    } finally {
      nowMs = takenAtMs
    }
  }

  it('may be five minutes off in either direction, and not a moment more', async () => {
    const request = readApRequest(apRequestIn(bareToken))
    const key = recordedKeytab().entries.find(({ key }) => key.enctype.number === request.ticket.encrypted.etype)?.key
    assert(key)
    const ticket = openTicket(request.ticket, key)
    const { timeMs, microseconds } = openAuthenticator(request, ticket.sessionKey)
    const madeAtMs = timeMs + microseconds / 1000
    for (const sign of [-1, 1]) {
      assert.equal(await at(madeAtMs + sign * 300_000), 'alice@CORP.TEST')
      assert.equal(await at(madeAtMs + sign * 300_001), 'clock-skew')
    }
    assert.equal(await at(ticket.endTimeMs + 300_000), 'credentials-expired')
    assert.equal(await at(ticket.startTimeMs - HOUR_MS), 'clock-skew')
  })
})

describe('a keytab', () => {
  it('without the key of the service makes no acceptor', () => {
    assert.throws(() => acceptor(['HTTP/other.corp.test@CORP.TEST']), { code: 'service-credential-refused' })
  })

  it('may name the service under several names', async () => {
    using accepting = acceptor(['svc-proxy@CORP.TEST', service])
    assert.equal(await outcome(accepting, bareToken), 'alice@CORP.TEST')
  })
})
