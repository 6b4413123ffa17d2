import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let op: LyingOp
let lab: SignInLab
before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer })
})
after(async () => {
  await lab?.close()
  await op?.close()
})

/** What the log says of a sign-in that fails. */
async function logged(): Promise<string> {
  const end = await new BrowserClient().get(`${lab.url}/page`)
  assert.ok(end.status >= 400)
  const id = end.headers.get('x-request-id')
  const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
  return String(record['error.message'])
}

test('an expired client secret reads as what it is, whichever way the OP says it', async () => {
  const description = 'AADSTS7000222: The provided client secret keys are expired.'
  const body = JSON.stringify({ error: 'invalid_client', error_description: description })
  for (const fields of [
    {},
    { 'WWW-Authenticate': `Basic realm="op", error="invalid_client", error_description="${description}"` },
  ]) {
    op.answerAt('/token', (_, response) =>
      response.writeHead(401, { 'Content-Type': 'application/json', ...fields }).end(body),
    )
    assert.match(await logged(), /^token endpoint: 401 invalid_client: AADSTS7000222: The provided client secret/)
  }
  op.answerAt('/token')
})

test('a refusal at the authorization endpoint is told with its description, bounded and without control characters', async () => {
  op.respond(parameters => {
    parameters.delete('code')
    parameters.set('error', 'access_denied')
    parameters.set('error_description', `AADSTS50105:\r\n\x1b[31mnot assigned ${'x'.repeat(5000)}`)
  })
  const text = await logged()
  op.respond()
  assert.match(text, /^authorization endpoint: access_denied: AADSTS50105: \[31mnot assigned xxx/)
  assert.doesNotMatch(text, /[\x00-\x1f]/)
  assert.ok(text.length < 2000, `${text.length} characters`)
})

test('an ID token of another issuer is told with both names', async () => {
  op.tell(({ claims, header, sign }) => sign(header, { ...claims, iss: 'https://sts.windows.net/tenant/' }))
  const text = await logged()
  op.tell()
  assert.ok(text.includes(`the issuer is https://sts.windows.net/tenant/, not ${op.issuer}`), text)
})

test('metadata of another issuer are told with both names, and not as an OP that is away', async () => {
  op.describe(metadata => ({ ...metadata, issuer: 'https://other.example' }))
  const other = await startSignInLab({ issuer: op.issuer })
  const end = await new BrowserClient().get(`${other.url}/page`)
  const id = end.headers.get('x-request-id')
  const record = await other.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
  await other.close()
  op.describe()
  assert.equal(codeOf(end), 'op-response-invalid')
  const text = String(record['error.message'])
  assert.ok(text.includes(`metadata: the issuer is https://other.example, not ${op.issuer}`), text)
})

test('a second factor that is not proven is told with what came and what was wanted', async () => {
  op.tell(({ claims, header, sign }) => sign(header, { ...claims, acr: '1', amr: ['pwd'], email: 'ada@example.com' }))
  const text = await logged()
  op.tell()
  assert.match(text, /claims received: .*\bemail\b/)
  assert.match(
    text,
    /acr="1", amr=\["pwd"\], acrs=\[\], auth_time=\d+; required: acr as configured, auth_time at most 43200 s ago/,
  )
  assert.ok(!text.includes('ada@example.com'))
})
