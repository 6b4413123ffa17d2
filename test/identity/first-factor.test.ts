/** What becomes of a ticket that a directory has accepted: who it is, in which groups, and by how many factors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FirstFactor } from '../../src/identity/first-factor.ts'
import type { CanonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import type { Directory } from '../../src/kerberos/directory.ts'
import type { TicketProof } from '../../src/kerberos/ticket-proof.ts'

const SMART_CARDS = 'S-1-5-21-1-2-3-1601'
const PROOF: TicketProof = { authTimeMs: 1_000_000, sids: [SMART_CARDS], indicators: ['otp'], isByService: false }

async function personBy(principal: string, proof: TicketProof) {
  const directory: Pick<Directory, 'accept'> = {
    accept: async () => ({ principal: principal as CanonicalPrincipal, proof }),
  }
  const settings = {
    ...{ acceptsPasswords: false, realm: 'CORP.TEST' },
    account: { fromPrincipal: 'principal', case: 'keep', template: '', domains: [] } as never,
    trustedRealms: [
      { realm: 'PARTNER.TEST', acceptTicket: false },
      { realm: 'CHILD.CORP.TEST', acceptTicket: true },
    ],
    acceptTicket: { indicators: ['otp'], sids: [SMART_CARDS] },
  }
  const factor = new FirstFactor(directory as Directory, settings, () => 2_000_000)
  const verdict = await factor.byNegotiate({ scheme: 'negotiate', token: 'AAAA' }, false)
  return 'refused' in verdict ? assert.fail(verdict.refused) : verdict.principal
}

test('a ticket of a trusted realm proves a second factor where that realm is believed so, and only there', async () => {
  const ticket = { indicators: ['otp'], sids: [SMART_CARDS] }
  for (const name of ['ada@CORP.TEST', 'ada@CHILD.CORP.TEST']) {
    const { evidence } = await personBy(name, PROOF)
    assert.deepEqual([evidence.ticket, evidence.authTime], [ticket, 1000], name)
  }
  const { evidence, groups } = await personBy('ada@PARTNER.TEST', PROOF)
  assert.deepEqual([evidence.ticket, evidence.authTime, groups], [undefined, 2000, [SMART_CARDS]])
})

test('a ticket without PAC says nothing of groups, and one with a PAC without any says that there are none', async () => {
  assert.equal((await personBy('ada@CORP.TEST', { ...PROOF, sids: undefined })).groups, undefined)
  assert.deepEqual((await personBy('ada@CORP.TEST', { ...PROOF, sids: [] })).groups, [])
})
