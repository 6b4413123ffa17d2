import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Shares } from '../../src/app/shares.ts'
import type { Delegated, Principal } from '../../src/exchange.ts'
import { accountNames } from '../../src/identity/account-key.ts'

const names = {
  template: '{sub}',
  pattern: '.+',
  case: 'keep',
  fromSeveralProviders: false,
  fromPrincipal: 'user',
} as const
const { keyOf } = accountNames(undefined, { account: { ...names, domains: ['CORP', 'corp.example'] } })
const shares = new Shares({ ownerOf: () => undefined }, keyOf, () => 0)

const of = (principal: Principal, account: string | undefined) =>
  shares.of({
    principal,
    account,
    credentials: { scheme: 'none' },
    clientAddress: '192.0.2.7',
    fields: { kept: {} },
  } as Delegated)

const person = (account: string): Principal => ({
  ...{ kind: 'person', subject: 'sub-1', account },
  evidence: { acr: undefined, acrs: [], amr: [], authTime: undefined },
})

test('a person has one share, whatever a ticket, the OP and the server of a token call them', () => {
  const spellings = ['CORP\\Alice', 'alice@corp.example', 'ALICE']
  const owners = spellings.map(account => of(person(account), account))
  const owned = of(
    { kind: 'server-checked', owner: { account: 'corp\\alice', accountKey: keyOf('corp\\alice') } },
    undefined,
  )
  assert.deepEqual(new Set([...owners, owned].map(({ owner }) => owner)), new Set([keyOf('alice')]))
  assert.ok([...owners, owned].every(({ isProven }) => isProven))
})

test('whoever is nobody counts by address, and is not proven', () => {
  assert.deepEqual(of({ kind: 'anonymous', because: 'credentials-missing' }, undefined), {
    ...{ owner: '192.0.2.7', isProven: false },
  })
})

test('a name is the same person however often it was asked for in between', () => {
  const first = keyOf('CORP\\Bob')
  for (let index = 0; index < 5000; index++) keyOf(`somebody-${index}`)
  assert.equal(keyOf('CORP\\Bob'), first)
  assert.notEqual(keyOf('CORP\\Bob'), keyOf('OTHER\\Bob'))
})
