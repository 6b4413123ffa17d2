import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { curlNegotiate, kinit } from '../../devkit/realm/clients.ts'
import { tags, writeElement } from '../../src/asn1/der.ts'
import type { Acceptor } from '../../src/kerberos/acceptor.ts'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import {
  krb5Mechanism,
  krb5MechanismOfWindows,
  ntlmMechanism,
  spnegoMechanism,
} from '../../src/kerberos/protocol/object-identifiers.ts'
import { devopsService, type KerberosLab, startKerberosLab } from './kerberos-lab.ts'

let lab: KerberosLab
let acceptor: Acceptor

before(async () => {
  lab = await startKerberosLab()
  await lab.kdc.addAccounts([{ name: 'joiner', password: 'joiner-Passw0rd', groups: 900 }])
  acceptor = lab.parts().acceptor()
})
after(async () => {
  acceptor?.[Symbol.dispose]()
  await lab.close()
})

const refused = (code: string) => ({ name: 'KerberosError', code, operation: 'accept' })

/** A first SPNEGO leg as a client with several mechanisms sends it (RFC 4178 4.2.1). */
function negTokenInit(mechanisms: readonly Buffer[], mechToken: Buffer): Buffer {
  const list = mechanisms.map(oid => writeElement(tags.objectIdentifier, oid))
  const fields = writeElement(
    tags.sequence,
    writeElement(tags.context0, writeElement(tags.sequence, ...list)),
    writeElement(tags.context2, writeElement(tags.octetString, mechToken)),
  )
  const inner = writeElement(tags.context0, fields)
  return writeElement(tags.initialContextToken, writeElement(tags.objectIdentifier, spnegoMechanism), inner)
}

describe('a client that holds a ticket', () => {
  it('is accepted with the token curl makes, and gets a reply token', async () => {
    let field = ''
    const server = createServer((request, response) => {
      field = request.headers.authorization ?? ''
      response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert(address !== null && typeof address === 'object')
    const client = await kinit(lab.kdc, 'alice')
    const resolve = [`proxy.corp.test:${address.port}:127.0.0.1`]
    await curlNegotiate(client, `http://proxy.corp.test:${address.port}/`, { resolve })
    server.close()
    const accepted = await acceptor.accept(Buffer.from(field.replace(/^Negotiate /, ''), 'base64'))
    assert.equal(accepted.principal, 'alice@CORP.TEST')
    // negTokenResp, negState accept-completed (RFC 4178 4.2.2).
    assert.equal(accepted.replyToken?.[0], tags.context1)
  })

  it('is accepted with a bare Kerberos token', async () => {
    assert.equal((await acceptor.accept(await lab.token('bob'))).principal, 'bob@CORP.TEST')
  })

  it('is accepted with the token of somebody in 900 groups (hazard 6)', async () => {
    const token = wrapInSpnego(await lab.token('joiner'))
    assert(token.length > 8_000, `${token.length} octets`)
    assert.equal((await acceptor.accept(token)).principal, 'joiner@CORP.TEST')
  })

  it('is accepted with the mechanism list of Windows', async () => {
    const list = [krb5MechanismOfWindows, krb5Mechanism, ntlmMechanism]
    const accepted = await acceptor.accept(negTokenInit(list, await lab.token('alice')))
    assert.equal(accepted.principal, 'alice@CORP.TEST')
    assert(accepted.replyToken?.includes(krb5MechanismOfWindows), 'the mechanism it asked for is the one answered')
  })
})

describe('a refused token', () => {
  it('is one presented twice, wrapped or bare', async () => {
    const bare = await lab.token('alice')
    await acceptor.accept(bare)
    await assert.rejects(acceptor.accept(bare), refused('replay'))
    const wrapped = wrapInSpnego(await lab.token('alice'))
    await acceptor.accept(wrapped)
    await assert.rejects(acceptor.accept(wrapped), refused('replay'))
  })

  it('is one that changed its wrapping between two presentations', async () => {
    const bare = await lab.token('alice')
    await acceptor.accept(bare)
    await assert.rejects(acceptor.accept(wrapInSpnego(bare)), refused('replay'))
  })

  it('is one for another service', async () => {
    const bare = await lab.token('alice', devopsService)
    await assert.rejects(acceptor.accept(bare), refused('wrong-service-key'))
    await assert.rejects(acceptor.accept(wrapInSpnego(bare)), refused('wrong-service-key'))
  })

  it('is one whose ticket is for the KDC itself, a TGT', async () => {
    const bare = await lab.token('alice', 'krbtgt/CORP.TEST@CORP.TEST')
    await assert.rejects(acceptor.accept(bare), refused('wrong-service-key'))
    await assert.rejects(acceptor.accept(wrapInSpnego(bare)), refused('wrong-service-key'))
  })

  it('is one with an octet changed, save in the parts Kerberos leaves open, which still count as one presentation', async () => {
    const token = wrapInSpnego(await lab.token('alice'))
    const accepted: string[] = []
    for (let offset = 0; offset < token.length; offset += 7) {
      const changed = Buffer.from(token)
      changed[offset] = (changed[offset] ?? 0) ^ 0x55
      await acceptor.accept(changed).then(
        ({ principal }) => accepted.push(principal),
        (error: unknown) =>
          assert(error instanceof KerberosError && error.code !== 'internal', `octet ${offset}: ${error}`),
      )
    }
    // The service name outside the ticket's encrypted part is open (RFC 4120 5.3); the replay cache sees through
    // it.
    assert.deepEqual(accepted, ['alice@CORP.TEST'])
  })

  it('is one cut short anywhere', async () => {
    const token = wrapInSpnego(await lab.token('alice'))
    for (let length = 0; length < token.length; length += 17) {
      await assert.rejects(acceptor.accept(token.subarray(0, length)), { name: 'KerberosError' }, `${length} octets`)
    }
  })

  it('is empty, garbage, or above 64 KiB', async () => {
    for (const token of [Buffer.alloc(0), Buffer.from('garbage'), Buffer.alloc(65_537, 0x60), Buffer.alloc(65_536)]) {
      await assert.rejects(acceptor.accept(token), refused('token-defective'))
    }
    const large = wrapInSpnego(Buffer.concat([await lab.token('alice'), Buffer.alloc(60_000)]))
    await assert.rejects(acceptor.accept(large), { name: 'KerberosError' })
  })

  it('is NTLM, bare or inside Negotiate', async () => {
    const ntlm = Buffer.concat([Buffer.from('NTLMSSP\0'), Buffer.alloc(24, 1)])
    await assert.rejects(acceptor.accept(ntlm), refused('ntlm'))
    await assert.rejects(acceptor.accept(negTokenInit([ntlmMechanism], ntlm)), refused('ntlm'))
  })

  it('is a first leg that would need a second', async () => {
    const other = Buffer.from('2b0601040182370202ff', 'hex')
    const token = negTokenInit([other, krb5Mechanism], Buffer.from('not Kerberos'))
    await assert.rejects(acceptor.accept(token), refused('continue-needed'))
  })
})

describe('an acceptor', () => {
  it('is not made from a keytab without its key', async () => {
    for (const keytabFile of [lab.kdc.keytabs.devops, '/nonexistent/keytab']) {
      const made = (async () => lab.parts(keytabFile).acceptor())()
      await assert.rejects(made, { code: 'service-credential-refused' })
    }
  })
})
