/** An OP over TLS is believed over TLS only, in small pieces, and at its own address. */
import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { after, afterEach, before, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { OP_METADATA_ATTACKS } from '../../devkit/attack/op-metadata-attacks.ts'
import { personClaims } from '../../devkit/attack/op-token-attacks.ts'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

const trustedBefore = getCACertificates('default')
let certificate: Certificate
let secure: LyingOp
/** Whoever can answer over plain HTTP in the name of the OP. */
let forger: LyingOp
let lab: SignInLab | undefined

before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  setDefaultCACertificates([...trustedBefore, certificate.certificate])
  secure = await startLyingOp({ cert: certificate.certificate, key: certificate.privateKey })
  forger = await startLyingOp()
})
afterEach(async () => {
  await lab?.close()
  lab = undefined
  for (const path of ['/jwks', '/token', '/.well-known/openid-configuration']) secure.answerAt(path)
  secure.describe()
})
after(async () => {
  setDefaultCACertificates(trustedBefore)
  await secure?.close()
  await forger?.close()
  await certificate?.remove()
})

async function start(op = secure): Promise<SignInLab> {
  lab = await startSignInLab({ issuer: op.issuer })
  return lab
}

const signIn = ({ url }: SignInLab) => new BrowserClient().send(`${url}/.torhaus/sign-in`)

async function askWith(bearer: string): Promise<number | string> {
  const answer = await fetch(`${lab?.url}/`, { headers: { Authorization: `Bearer ${bearer}` } })
  return codeOf(answer) ?? answer.status
}
const tokenOf = ({ sign, header }: LyingOp) =>
  sign({ ...header, typ: 'at+jwt' }, { ...personClaims(secure.issuer), aud: agreed.audience })

test('an OP over TLS, whose metadata is in order, is believed', async () => {
  const { url } = await start()
  assert.equal(await askWith(await tokenOf(secure)), 200)
  assert.equal((await new BrowserClient().send(`${url}/.torhaus/sign-in`)).status, 303)
})

for (const { name, change, says } of OP_METADATA_ATTACKS) {
  test(`metadata with ${name} is refused in words, and nobody is sent there or believed for it`, async () => {
    secure.describe(right => change(right, forger.issuer))
    const { jwks } = forger.requests
    const answer = await signIn(await start())
    assert.deepEqual([answer.status, codeOf(answer)], [502, 'op-response-invalid'])
    assert.equal(await askWith(await tokenOf(forger)), 'op-response-invalid')
    assert.equal(forger.requests.jwks, jwks)
    const record = await lab?.logged(({ 'event.action': action }) => action === 'discovery')
    assert.match(String(record?.['error.message']), says)
  })
}

const MEGABYTES = 300
/** Sends until nobody listens, or all is sent. */
function endless(reached: (bytes: number) => void): RequestListener {
  return (_, response) => {
    const chunk = Buffer.alloc(1_048_576, ' ')
    let sent = 0
    response.writeHead(200, { 'Content-Type': 'application/json' })
    const more = (): void => {
      while (sent < MEGABYTES && !response.destroyed) {
        sent++
        reached(sent * chunk.length)
        if (!response.write(chunk)) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  }
}

for (const [path, code] of [
  ['/.well-known/openid-configuration', 'op-response-invalid'],
  ['/jwks', 'op-response-invalid'],
  ['/token', 'op-response-invalid'],
] as const) {
  test(`of a response of 300 MB at ${path} only the beginning is read`, async () => {
    let bytes = 0
    secure.answerAt(
      path,
      endless(sent => {
        bytes = sent
      }),
    )
    const { url } = await start()
    const answer =
      path === '/token'
        ? await callBack(url)
        : await fetch(`${url}/`, { headers: { Authorization: `Bearer ${await tokenOf(secure)}` } })
    assert.deepEqual([answer.status, codeOf(answer)], [502, code])
    assert.ok(bytes < 50_000_000, `${bytes} bytes were sent`)
  })

  test(`a redirect at ${path} is not followed`, async () => {
    let followed = 0
    const elsewhere = createServer((_, response) => {
      followed++
      response.end('{}')
    })
    const port = await listen(elsewhere, '127.0.0.1', 0)
    secure.answerAt(path, (_, response) => response.writeHead(302, { Location: `http://127.0.0.1:${port}/` }).end())
    try {
      const { url } = await start()
      const answer =
        path === '/token'
          ? await callBack(url)
          : await fetch(`${url}/`, { headers: { Authorization: `Bearer ${await tokenOf(secure)}` } })
      assert.deepEqual([answer.status, codeOf(answer)], [502, code])
      assert.equal(followed, 0)
    } finally {
      elsewhere.close()
    }
  })
}

/** Without a look at the page of the OP, whose certificate no browser of this test knows. */
async function callBack(url: string): Promise<Response> {
  const browser = new BrowserClient()
  const start = await browser.send(`${url}/.torhaus/sign-in`)
  const state = new URL(start.headers.get('location') ?? '').searchParams.get('state') ?? ''
  const answer = await browser.send(`${url}/.torhaus/callback?${new URLSearchParams({ code: 'c', state })}`)
  return new Response(null, { status: answer.status, headers: answer.headers })
}
