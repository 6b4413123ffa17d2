/** What the OP says otherwise at a refresh counts: another account, no second factor any more. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

/** The interval and the grace: the request waits for the answer of the OP. */
const OVERDUE_MS = 1_500_000
const MFA = 'urn:torhaus:acr:mfa'
let nowMs = Date.now()
let op: LyingOp
let lab: SignInLab
let browser: BrowserClient

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer, now: () => nowMs })
})
beforeEach(async () => {
  nowMs = Date.now()
  op.tell()
  browser = new BrowserClient()
  assert.equal((await browser.get(`${lab.url}/`)).status, 200)
  nowMs += OVERDUE_MS
})
after(async () => {
  await lab?.close()
  await op?.close()
})

/** From now on the OP says this of everybody, at each refresh. */
const tellNow = (changes: Readonly<Record<string, unknown>>) =>
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, ...changes }))

const status = async () => (await browser.send(`${lab.url}/`, { fields: { 'Sec-Fetch-Mode': 'cors' } })).status

for (const [what, changes, says] of [
  ['another account', { preferred_username: 'adele' }, /the account is now "adele", but was "ada"/],
  ['no acr any more', { acr: undefined }, /the second factor is gone: acr="missing"/],
  [
    'an acr that is none we accept',
    { acr: 'urn:torhaus:acr:pwd' },
    /the second factor is gone: acr="urn:torhaus:acr:pwd"/,
  ],
] as const) {
  test(`a refresh with ${what} ends the session, and the log says so`, async () => {
    tellNow(changes)
    assert.equal(await status(), 401)
    const isIt = (entry: Readonly<Record<string, unknown>>) => says.test(String(entry['error.message']))
    const record = await lab.logged(entry => entry['event.action'] === 'session-refresh' && isIt(entry))
    assert.equal(record['event.outcome'], 'ended')
  })
}

for (const [what, changes] of [
  ['the same account in other letters', { preferred_username: 'ADA' }],
  ['nothing of how somebody signed in', { acr: undefined, auth_time: undefined }],
  ['no account', { preferred_username: undefined }],
  ['the same again', { acr: MFA }],
] as const) {
  test(`a refresh with ${what} changes nothing`, async () => {
    tellNow(changes)
    assert.equal(await status(), 200)
    assert.equal(lab.account(), 'ada')
  })
}
