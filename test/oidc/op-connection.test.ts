/** An OP with a certificate authority of its own, and one behind a proxy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

let certificate: Certificate
let caFile: string
let secure: LyingOp
let plain: LyingOp
let proxy: Server
let proxyUrl: string
/** What went through the proxy. */
const passed: string[] = []
let lab: SignInLab | undefined

before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  caFile = certificate.certificateFile
  secure = await startLyingOp({ cert: certificate.certificate, key: certificate.privateKey })
  plain = await startLyingOp()
  proxy = createServer((request, response) => {
    passed.push(`${request.method} ${request.url}`)
    const onward = httpRequest(request.url ?? '', { method: request.method, headers: request.headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  }).on('connect', (request, socket) => {
    passed.push(`CONNECT ${request.url}`)
    const { hostname, port } = new URL(`http://${request.url}`)
    const onward = connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    socket.pipe(onward).pipe(socket)
    socket.on('error', () => onward.destroy())
    onward.on('error', () => socket.destroy())
  })
  proxyUrl = `http://127.0.0.1:${await listen(proxy, '127.0.0.1', 0)}`
})
afterEach(async () => {
  await lab?.close()
  lab = undefined
  passed.length = 0
})
after(async () => {
  proxy?.closeAllConnections()
  proxy?.close()
  await secure?.close()
  await plain?.close()
  await certificate?.remove()
})

async function start(op: LyingOp, settings: object): Promise<SignInLab> {
  lab = await startSignInLab({
    issuer: op.issuer,
    configure: config => ({ ...config, oidc: { ...config.oidc, ...settings } }),
  })
  return lab
}

/** A token of the OP is verified by keys that were read from it. */
async function tokenPasses(op: LyingOp, { url }: SignInLab): Promise<string | number> {
  const nowS = Math.floor(Date.now() / 1000)
  const person = { sub: 's', preferred_username: 'ada', acr: 'urn:torhaus:acr:mfa', auth_time: nowS }
  const claims = { ...person, iss: op.issuer, aud: agreed.audience, iat: nowS, exp: nowS + 60 }
  const token = await op.sign({ ...op.header, typ: 'at+jwt' }, claims)
  const answer = await fetch(`${url}/`, { headers: { Authorization: `Bearer ${token}` } })
  return codeOf(answer) ?? answer.status
}

test('an OP whose certificate nobody knows is not believed, and the log says why', async () => {
  const { url, logged } = await start(secure, {})
  const answer = await new BrowserClient().send(`${url}/.torhaus/sign-in`)
  assert.deepEqual([answer.status, codeOf(answer)], [503, 'op-unreachable'])
  const record = await logged(({ 'event.action': action }) => action === 'discovery')
  assert.match(String(record['error.message']), /self-signed certificate|unable to verify/)
})

test('with its authority in caFile it is', async () => {
  assert.equal(await tokenPasses(secure, await start(secure, { caFile })), 200)
})

test('an authority in caFile takes the place of all others', async () => {
  const other = await createCertificate('IP:127.0.0.1')
  try {
    const { certificateFile } = other
    assert.equal(await tokenPasses(secure, await start(secure, { caFile: certificateFile })), 'op-unreachable')
  } finally {
    await other.remove()
  }
})

test('requests to an OP over TLS go through the proxy in a tunnel', async () => {
  assert.equal(await tokenPasses(secure, await start(secure, { caFile, proxy: proxyUrl })), 200)
  assert.ok(passed.length >= 2)
  assert.deepEqual([...new Set(passed)], [`CONNECT ${new URL(secure.issuer).host}`])
})

test('a whole sign-in goes through the proxy, the browser aside', async () => {
  const { url } = await start(plain, { proxy: proxyUrl })
  assert.equal((await new BrowserClient().get(`${url}/page`)).status, 200)
  const paths = passed.map(line => line.replace(plain.issuer, ''))
  assert.deepEqual(paths, ['GET /.well-known/openid-configuration', 'POST /token', 'GET /jwks'])
})

test('a proxy of the environment is one where Node is told to heed it, also beside caFile', async () => {
  const module = join(import.meta.dirname, '../../src/oidc/op-fetch.ts')
  const settings = { issuer: secure.issuer, timeoutMs: 5000, caFile }
  const script = `import { opFetch } from '${pathToFileURL(module)}'
    console.log((await opFetch(${JSON.stringify(settings)})('${secure.issuer}/jwks', { headers: {} })).status)`
  const environment = { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxyUrl, NO_PROXY: '' }
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, ...environment },
  })
  assert.equal((await run).stdout, '200\n')
  assert.deepEqual(passed, [`CONNECT ${new URL(secure.issuer).host}`])
})

test('a proxy that is away makes the OP one that is away', async () => {
  const { url } = await start(plain, { proxy: 'http://127.0.0.1:1' })
  const answer = await new BrowserClient().send(`${url}/.torhaus/sign-in`)
  assert.deepEqual([answer.status, codeOf(answer)], [503, 'op-unreachable'])
})
