/** Several OPs were configured, and all but one were taken away: the one that is left speaks for nobody new. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type SeveralLab, startSeveralLab } from './several-lab.ts'

let lab: SeveralLab
before(async () => {
  lab = await startSeveralLab(({ providers: { acquired = {} }, account }) => ({ providers: { acquired }, account }))
})
after(() => lab?.close())

async function signInAs(account: string) {
  lab.acquired.tell(({ sign, header, claims }) => sign(header, { ...claims, preferred_username: account, sub: 'bob' }))
  return new BrowserClient().get(`${lab.url}/.torhaus/sign-in?return_to=/`)
}

test('an OP that is left alone gives people the accounts that are its own', async () => {
  assert.deepEqual([(await signInAs('x-bob')).status, lab.account()], [200, 'x-bob'])
})

test('an OP that is left alone gives nobody an account that was of another', async () => {
  for (const account of ['ada', 'ADA', 'admin']) {
    const answer = await signInAs(account)
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'account-unmapped'], account)
  }
})
