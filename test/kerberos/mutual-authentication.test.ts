import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { kinit } from '../../devkit/realm/clients.ts'
import { succeeded, takeBuffer } from '../../src/kerberos/call-status.ts'
import { importPrincipal } from '../../src/kerberos/names.ts'
import type { NativeBuffer, Pointer } from '../../src/kerberos/native.ts'
import { spnegoMechanism } from '../../src/kerberos/protocol/object-identifiers.ts'
import { IMPLEMENTATIONS } from './implementations.ts'
import { type KerberosLab, proxyService, startKerberosLab } from './kerberos-lab.ts'

/** GSS_C_MUTUAL_FLAG and GSS_S_CONTINUE_NEEDED (RFC 2744). */
const mutual = 2
const continueNeeded = 1

let lab: KerberosLab
before(async () => {
  lab = await startKerberosLab()
})
after(() => lab.close())

/** A browser's side: SPNEGO with mutual authentication, over as many legs as it takes. */
async function initiator(): Promise<
  { step(input: Buffer | null): Promise<{ major: number; token: Buffer }> } & Disposable
> {
  const { native } = lab.gssapi
  const credential: [Pointer | null] = [null]
  const element = { key: 'ccache', value: (await kinit(lab.kdc, 'alice')).ccache }
  const store = { count: 1, elements: [element] }
  const set = native.oidSet(spnegoMechanism)
  assert.equal(await native.acquireCredFrom([0], 0n, 0xffffffff, set, 1, store, credential, null, [0]), 0)
  const context: [Pointer | null] = [null]
  const target = importPrincipal(lab.gssapi, proxyService)
  const mechanism = native.oid(spnegoMechanism)
  return {
    async step(input) {
      const output: NativeBuffer = { length: 0, value: null }
      const received = input === null ? null : { length: input.length, value: input }
      const major = await target.use(name =>
        native.initSecContext(
          [0],
          credential[0],
          context,
          name,
          mechanism,
          mutual,
          0,
          null,
          received,
          null,
          output,
          [0],
          [0],
        ),
      )
      return { major, token: takeBuffer(lab.gssapi, output) }
    },
    [Symbol.dispose]() {
      native.deleteSecContext([0], context, null)
      native.releaseCred([0], credential)
      target[Symbol.dispose]()
    },
  }
}

for (const implementation of IMPLEMENTATIONS) {
  describe(implementation, () => {
    describe('a client that asks for mutual authentication', () => {
      it('is satisfied by the reply token, and by no altered one', async () => {
        using acceptor = await lab.parts(implementation).acceptor()
        for (const altered of [false, true]) {
          using client = await initiator()
          const first = await client.step(null)
          assert.equal(first.major, continueNeeded)
          const { principal, replyToken } = await acceptor.accept(first.token)
          assert.equal(principal, 'alice@CORP.TEST')
          assert(replyToken !== undefined)
          if (altered) replyToken[replyToken.length - 1] = (replyToken.at(-1) ?? 0) ^ 1
          const second = await client.step(replyToken)
          assert.equal(succeeded(second.major), !altered)
          if (!altered) assert.equal(second.major, 0)
        }
      })
    })
  })
}
