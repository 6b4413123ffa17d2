import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Credential } from '../../devkit/gssapi/initiator.ts'
import { kinit } from '../../devkit/realm/clients.ts'
import { type KerberosLab, proxyService, startKerberosLab } from './kerberos-lab.ts'

let lab: KerberosLab
before(async () => {
  lab = await startKerberosLab()
})
after(() => lab.close())

describe('a client that asks for mutual authentication', () => {
  it('is satisfied by the reply token, and by no altered one', async () => {
    using acceptor = lab.parts().acceptor()
    using alice = await Credential.byCache((await kinit(lab.kdc, 'alice')).ccache)
    for (const altered of [false, true]) {
      using client = alice.negotiation(proxyService)
      const first = await client.step()
      assert.equal(first.needsMore, true)
      const { principal, replyToken } = await acceptor.accept(first.token)
      assert.equal(principal, 'alice@CORP.TEST')
      assert(replyToken !== undefined)
      if (altered) replyToken[replyToken.length - 1] = (replyToken.at(-1) ?? 0) ^ 1
      const second = client.step(replyToken)
      if (altered) await assert.rejects(second, { name: 'GssapiError' })
      else assert.equal((await second).needsMore, false)
    }
  })
})
