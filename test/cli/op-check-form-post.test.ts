/** `torhaus op-check --sign-in` where the OP answers in a form: its address shows nothing, unless a Torhaus runs there. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { formOf } from '../../devkit/op/form-post-page.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { trySignIn } from './tried-sign-in.ts'

let op: LyingOp
let lab: SignInLab
before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({
    issuer: op.issuer,
    configure: config => ({ ...config, oidc: { ...config.oidc, responseMode: 'form_post' } }),
  })
})
after(async () => {
  await lab?.close()
  await op?.close()
})

const formAt = async (url: string) => formOf((await new BrowserClient().get(url)).text)

test('the Torhaus that runs there leaves the code alone, and shows the address', async () => {
  const { code, findings, tokens } = await trySignIn(lab.configFile, async url => {
    const { action, content } = await formAt(url)
    const browser = new BrowserClient()
    const page = await browser.post(action, Object.fromEntries(new URLSearchParams(content)))
    assert.equal(codeOf(page), 'sign-in-unknown')
    return page.url
  })
  assert.equal(op.asked.get('response_mode'), 'form_post')
  assert.deepEqual([code, findings, tokens[0]?.account], [0, [], 'ada'])
  assert.equal(op.requests.codes, 2, 'the one that nobody issued, and this one')
})

test('where none runs, the form data is as good', async () => {
  const { code, findings, tokens } = await trySignIn(lab.configFile, async url => (await formAt(url)).content)
  assert.deepEqual([code, findings, tokens[0]?.account], [0, [], 'ada'])
})

test('the form of another sign-in is refused', async () => {
  const { code, options, findings } = await trySignIn(lab.configFile, async () => 'code=x&state=y')
  assert.deepEqual([code, options], [1, ['oidc.issuer']])
  assert.match(findings[0]?.message ?? '', /failed: .*state/)
})
