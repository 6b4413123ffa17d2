/** Test data of Kerberos.NET: tokens of Windows with the keys of their services, keytabs, messages of AD. */
import assert from 'node:assert/strict'
import { openAuthenticator, readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { EncryptionKey } from '../../src/kerberos/protocol/encryption-key.ts'
import { offeredIn } from '../../src/kerberos/protocol/etype-info.ts'
import { apRequestIn } from '../../src/kerberos/protocol/gss-token.ts'
import { isKdcError, readKdcError } from '../../src/kerberos/protocol/kdc-error.ts'
import { AS_REPLY, readKdcReply, TGS_REPLY } from '../../src/kerberos/protocol/kdc-reply.ts'
import { readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import { readLogonInfo } from '../../src/kerberos/protocol/logon-info.ts'
import { PAC_BUFFER, readPac, verifyPac } from '../../src/kerberos/protocol/pac.ts'
import { readNegTokenInit } from '../../src/kerberos/protocol/spnego.ts'
import { openTicket } from '../../src/kerberos/protocol/ticket.ts'
import type { Suite } from './vectors.ts'
import type { Files, Read } from './vectors-of-mit.ts'

const DATA = 'Tests/Tests.Kerberos.NET/Data'
const AES = { aes128: 17, aes256: 18 } as const

export const kerberosNetSuites = (read: Read, files: Files): Suite[] => [
  {
    name: 'tokens of Windows',
    vectors: Object.entries(AES).flatMap(([name, etype]) =>
      ['kerberos', 'spnego'].map(wrapping => ({
        name: `${name} ${wrapping}`,
        run: () =>
          opens(read(`${DATA}/${name}-${wrapping}-data`), new EncryptionKey(etype, read(`${DATA}/${name}-key-data`))),
      })),
    ),
  },
  {
    name: 'RC4 is not of ours',
    vectors: ['kerberos', 'spnego'].map(wrapping => ({
      name: wrapping,
      run: () => {
        const { encrypted } = requestIn(read(`${DATA}/rc4-${wrapping}-data`)).ticket
        assert.throws(() => new EncryptionKey(encrypted.etype, read(`${DATA}/rc4-key-data`)), {
          code: 'enctype-unsupported',
        })
      },
    })),
  },
  {
    name: 'keytabs',
    vectors: files(`${DATA}/*.keytab`).map(name => ({
      name,
      run: () => {
        const { entries, skipped } = readKeytab(read(name))
        return `${entries.length} AES keys, ${skipped} left out`
      },
    })),
  },
  {
    name: 'replies of Active Directory',
    // Each behind its length of four octets, as over TCP.
    vectors: files(`${DATA}/Messages/{as-rep,tgs-rep,krb-error}*`).map(name => ({
      name,
      run: () => {
        const octets = read(name).subarray(4)
        if (isKdcError(octets)) return `error with ${offeredIn(readKdcError(octets)).infos.length} AES types`
        return readKdcReply(octets, name.includes('as-rep') ? AS_REPLY : TGS_REPLY).client.components.join('/')
      },
    })),
  },
]

const requestIn = (token: Buffer) => {
  const isSpnego = token.includes(Buffer.from('06062b0601050502', 'hex'))
  const inner = isSpnego ? readNegTokenInit(token).token : token
  assert(inner)
  return readApRequest(apRequestIn(inner))
}

function opens(token: Buffer, key: EncryptionKey): string {
  const request = requestIn(token)
  const ticket = openTicket(request.ticket, key)
  const { client } = openAuthenticator(request, ticket.sessionKey)
  assert.deepEqual(client.components, ticket.client.components)
  assert(ticket.pac)
  const pac = readPac(ticket.pac)
  verifyPac(ticket.pac, pac, ticket, key)
  const logonInfo = pac.get(PAC_BUFFER.logonInfo)
  assert(logonInfo)
  assert.equal(readLogonInfo(logonInfo).accountName.toLowerCase(), client.components.join('/').toLowerCase())
  return `opens, PAC signed with buffers ${[...pac.keys()].join(' ')}`
}
