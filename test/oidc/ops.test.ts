import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProviderSettings } from '../../config/schema.ts'
import { type Op, Ops } from '../../src/oidc/ops.ts'

const op = (name: string, accounts: RegExp): Op => ({
  ...{ name, callbackPath: `/.torhaus/callback/${name}`, accountTemplate: '{preferred_username}' },
  settings: { issuer: `https://${name}.example` } as ProviderSettings,
  provider: {} as Op['provider'],
  mapAccount: () => undefined,
  mayHave: account => accounts.test(account),
})
const several = new Ops([op('corp', /^[a-w]/), op('acquired', /^x-/)], false)

test('of several, whoever a ticket has let in signs in anew at the one that their account may be of', () => {
  const at = (subject: string, account: string) => several.ofSession({ subject, account })?.name
  assert.equal(at('ada@REALM.EXAMPLE', 'ada'), 'corp')
  assert.equal(at('x-bob@REALM.EXAMPLE', 'x-bob'), 'acquired')
  assert.equal(at('Zoe@REALM.EXAMPLE', 'Zoe'), undefined)
  assert.equal(at('https://acquired.example 7', 'ada'), 'acquired', 'who has signed in at one, there')
})
