import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Evidence } from '../../src/exchange.ts'
import { stillVouchedFor } from '../../src/identity/ticket-sessions.ts'
import { canonicalPrincipal, type DirectoryNames } from '../../src/kerberos/canonical-principal.ts'

const directoryOf = (names: DirectoryNames) => ({ principalOf: (name: string) => canonicalPrincipal(name, names) })
const corp = directoryOf({ realm: 'CORP.TEST', trustedRealms: [{ realm: 'PARTNER.TEST' }] })
const own: Evidence = { acr: undefined, acrs: [], amr: [], authTime: 1 }
const byTicket = (subject: string) => ({ subject, evidence: { ...own, firstFactor: 'negotiate' as const } })

test('a session that a ticket opened stands while the directory knows the realm, ours or one that it trusts', () => {
  for (const subject of ['alice@CORP.TEST', 'ada@PARTNER.TEST']) assert(stillVouchedFor(corp, byTicket(subject)))
})

test('it ends with the trust, with the directory, and where another realm takes the place of ours', () => {
  assert(!stillVouchedFor(directoryOf({ realm: 'CORP.TEST' }), byTicket('ada@PARTNER.TEST')))
  assert(!stillVouchedFor(undefined, byTicket('alice@CORP.TEST')))
  const other = directoryOf({ realm: 'OTHER.TEST', upnSuffixes: ['corp.test'] })
  assert(!stillVouchedFor(other, byTicket('alice@CORP.TEST')))
})

test('sessions of an OP are none of its affair, whatever their people are called', () => {
  for (const subject of ['248289761001', 'ada@NOWHERE.TEST', 'https://idp.test 1'])
    for (const directory of [corp, undefined]) assert(stillVouchedFor(directory, { subject, evidence: own }))
})
