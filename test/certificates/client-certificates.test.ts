/** Each reason why a client's certificate is refused, as curl reads it, and as the log has it; nothing reaches the server. */
import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { tryCommand } from '../../devkit/realm/run-command.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import {
  configured,
  type ProxyUnderTest,
  patField,
  servingTls,
  startProxy,
} from '../../devkit/torhaus/proxy-under-test.ts'
import type { Code } from '../../src/errors.ts'
import { type ClientAuthorities, type ClientIdentity, createClientAuthorities, upnAndMail } from './client-authority.ts'

const ARRIVES = 200

let authorities: ClientAuthorities
let own: Certificate
const proxies: ProxyUnderTest[] = []

before(async () => {
  authorities = createClientAuthorities()
  own = await createCertificate('IP:127.0.0.1')
})
after(async () => {
  for (const proxy of proxies) await proxy.close()
  authorities?.[Symbol.dispose]()
  await own?.remove()
})

async function start(
  clientCertificates: object,
  rest: object = {},
  listener: object = {},
  moreTls: object = {},
): Promise<ProxyUnderTest> {
  const { certificateFile, privateKeyFile } = own
  const tls = { certificateFile, privateKeyFile, clientCertificates, ...moreTls }
  const proxy = await startProxy({
    configure: config => ({
      ...configured({ ...listener, tls }, {}, rest)(config),
      publicUrl: config.publicUrl.replace('http:', 'https:'),
    }),
  })
  proxies.push(proxy)
  return proxy
}

interface Seen {
  readonly status: number
  readonly code: string | undefined
  readonly text: string
  readonly id: string | undefined
}

/** What curl gets that shows this certificate. */
async function ask(
  proxy: ProxyUnderTest,
  identity?: ClientIdentity,
  fields: readonly string[] = [patField],
  path = '/',
  more: readonly string[] = [],
): Promise<Seen> {
  const shown = identity === undefined ? [] : ['--cert', identity.certificateFile, '--key', identity.privateKeyFile]
  const { stdout, stderr } = await tryCommand('curl', [
    ...['--silent', '--show-error', '--include', '--max-time', '20', '--cacert', own.certificateFile, ...shown],
    ...[...fields, proxy.host].flatMap(field => ['--header', field]),
    ...more,
    `https://127.0.0.1:${proxy.fixture.port}${path}`,
  ])
  const [head = '', text = ''] = stdout.split('\r\n\r\n')
  const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'im').exec(head)?.[1]?.trim()
  assert.match(head, /^HTTP\/1\.1 \d{3}/, stderr)
  return { status: Number(head.slice(9, 12)), code: field('X-Torhaus-Error'), text, id: field('X-Request-Id') }
}

/** Refused with that code, which is in the log too, and the server has seen nothing. */
async function assertRefused(
  proxy: ProxyUnderTest,
  code: Code,
  identity?: ClientIdentity,
  fields?: readonly string[],
): Promise<void> {
  const before = proxy.origin.requests.length
  const seen = await ask(proxy, identity, fields)
  assert.deepEqual([seen.code, seen.status], [code, code === 'client-certificate-unchecked' ? 503 : 403], seen.text)
  const record = await proxy.fixture.logged(
    entry => entry['http.request.id'] === seen.id && entry['event.action'] === 'request',
  )
  assert.equal(record['torhaus.code'], code)
  assert.equal(proxy.origin.requests.length, before)
  if (identity === undefined || code === 'client-certificate-mismatch') return
  const { subject, issuer, serialNumber } = new X509Certificate(identity.cert)
  const audited = await proxy.fixture.logged(
    entry => entry['http.request.id'] === seen.id && entry['event.action'] === 'certificate-refused',
  )
  assert.deepEqual(
    ['torhaus.code', 'tls.client.subject', 'tls.client.issuer', 'tls.client.x509.serial_number'].map(
      name => audited[name],
    ),
    [code, subject, issuer, serialNumber],
  )
}

const status = async (...question: Parameters<typeof ask>) => (await ask(...question)).status

test('a certificate that leads to a root that is trusted passes, and every other is refused with its reason', async () => {
  const { root, intermediate, stranger } = authorities
  const proxy = await start({ caFile: root.certificateFile })
  assert.equal(await status(proxy, root.sign('direct')), ARRIVES)
  assert.equal(await status(proxy, intermediate.sign('deep', { chain: [intermediate] })), ARRIVES)
  await assertRefused(proxy, 'client-certificate-missing')
  await assertRefused(proxy, 'client-certificate-incomplete', intermediate.sign('without its chain'))
  await assertRefused(proxy, 'client-certificate-untrusted', stranger.sign('stranger', { chain: [stranger] }))
  const expired = { from: '20200101000000Z', to: '20210101000000Z' }
  await assertRefused(proxy, 'client-certificate-expired', root.sign('old', expired))
  const ahead = { from: '20400101000000Z', to: '20410101000000Z' }
  await assertRefused(proxy, 'client-certificate-not-yet-valid', root.sign('ahead', ahead))
  const forServers = root.sign('server', { extensions: 'extendedKeyUsage=serverAuth' })
  await assertRefused(proxy, 'client-certificate-wrong-use', forServers)
  const noAuthority = root.sign('no authority')
  assert.equal(await status(proxy, noAuthority), ARRIVES)
})

test('an intermediate among the roots, without its root, is named as such; beside its root it completes chains', async () => {
  const { root, intermediate } = authorities
  const lone = intermediate.sign('lone')
  const wrong = await start({ caFile: intermediate.certificateFile })
  await assertRefused(wrong, 'client-certificate-root-missing', lone)
  const crlFile = authorities.write('lone-lists.pem', intermediate.revocationList())
  await assertRefused(
    await start({ caFile: intermediate.certificateFile, crlFile }),
    'client-certificate-root-missing',
    lone,
  )
  const right = await start({ caFile: authorities.write('both.pem', root.certificate, intermediate.certificate) })
  assert.equal(await status(right, lone), ARRIVES)
})

test('what is revoked is refused, and everything where a list is missing or late', async () => {
  const { root, intermediate } = authorities
  const [good, bad] = [root.sign('good'), root.sign('bad')]
  const deep = intermediate.sign('deep', { chain: [intermediate] })
  root.revoke(bad)
  const [ofRoot, ofIntermediate] = [root.revocationList(), intermediate.revocationList()]
  const crlFile = authorities.write('lists.pem', ofRoot, ofIntermediate)
  const caFile = root.certificateFile
  const proxy = await start({ caFile, crlFile })
  assert.equal(await status(proxy, good), ARRIVES)
  assert.equal(await status(proxy, deep), ARRIVES)
  await assertRefused(proxy, 'client-certificate-revoked', bad)
  // The list of the intermediate is not there.
  authorities.write('lists.pem', ofRoot)
  await proxy.fixture.restart(config => config)
  assert.equal(await status(proxy, good), ARRIVES)
  await assertRefused(proxy, 'client-certificate-unchecked', deep)
  authorities.write('lists.pem', ofRoot, ofIntermediate)
  const brief = root.revocationList(1)
  authorities.write('lists.pem', brief, ofIntermediate)
  await proxy.fixture.restart(config => config)
  await sleep(1100)
  await assertRefused(proxy, 'client-certificate-unchecked', good)
  intermediate.revoke(deep)
  authorities.write('lists.pem', ofRoot, intermediate.revocationList())
  await proxy.fixture.restart(config => config)
  await assertRefused(proxy, 'client-certificate-revoked', deep)
})

test('a stranger is told so, also where lists of revoked certificates are looked at', async () => {
  const { root, intermediate, stranger } = authorities
  const crlFile = authorities.write('own-lists.pem', root.revocationList())
  const proxy = await start({ caFile: root.certificateFile, crlFile })
  await assertRefused(proxy, 'client-certificate-untrusted', stranger.sign('stranger', { chain: [stranger] }))
  const own = { certificateFile: stranger.certificateFile, cert: stranger.certificate, key: '' }
  const privateKeyFile = stranger.certificateFile.replace(/pem$/, 'key')
  await assertRefused(proxy, 'client-certificate-untrusted', { ...own, privateKeyFile })
  const between = stranger.authority('between')
  await assertRefused(proxy, 'client-certificate-untrusted', between.sign('deep', { chain: [between] }))
  const deep = intermediate.sign('deep', { chain: [intermediate] })
  await assertRefused(proxy, 'client-certificate-unchecked', deep)
})

test('where a certificate is only asked for, none passes, and one that is not good does not', async () => {
  const proxy = await start({ mode: 'request', caFile: authorities.root.certificateFile })
  assert.equal(await status(proxy), ARRIVES)
  assert.equal(await status(proxy, authorities.root.sign('good')), ARRIVES)
  await assertRefused(proxy, 'client-certificate-incomplete', authorities.stranger.sign('stranger'))
})

test('a certificate that ends while its connection is open is refused from then on', async () => {
  const proxy = await start({ caFile: authorities.root.certificateFile })
  const endsAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 8000)
  const to = `${endsAt.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`
  const short = authorities.root.sign('short', { to })
  const connection = await RawConnection.open(proxy.fixture.port, {
    ca: own.certificate,
    cert: short.cert,
    key: short.key,
  })
  const next = () => connection.send(requestText('GET /', [proxy.host, patField])).response()
  assert.equal((await next()).status, ARRIVES)
  await sleep(endsAt.getTime() - Date.now() + 50)
  assert.equal((await next()).one('X-Torhaus-Error'), 'client-certificate-expired')
  // Another one takes another connection.
  assert.equal((await connection.rest()).length, 0)
})

test('past the next update of its list a certificate is refused on the connection it was good on, and when that is resumed', async () => {
  const { root, intermediate } = authorities
  const { cert, key } = intermediate.sign('deep')
  const ofIntermediate = intermediate.revocationList()
  // The list of the authority above the one that has signed it.
  const crlFile = authorities.write('brief.pem', root.revocationList(20), ofIntermediate)
  const dueAtMs = Date.now() + 20_000
  const caFile = authorities.write('brief-ca.pem', root.certificate, intermediate.certificate)
  const sessionTicketKeyFile = authorities.write('brief-key', randomBytes(32).toString('base64'))
  const proxy = await start({ caFile, crlFile }, {}, {}, { sessionTicketKeyFile })
  let session: Buffer | undefined
  const open = async (more: object = {}) => {
    const opened = await RawConnection.open(proxy.fixture.port, { ca: own.certificate, cert, key, ...more })
    opened.socket.on('session', (fresh: Buffer) => {
      session = fresh
    })
    return opened
  }
  const next = (connection: RawConnection) => connection.send(requestText('GET /', [proxy.host, patField])).response()
  const kept = await open()
  assert.equal((await next(kept)).status, ARRIVES)
  await sleep(dueAtMs - Date.now() + 50)
  const resumed = await open({ session })
  assert.equal((resumed.socket as TLSSocket).isSessionReused(), true)
  for (const connection of [kept, resumed]) {
    const refused = await next(connection)
    assert.deepEqual([refused.status, refused.one('X-Torhaus-Error')], [503, 'client-certificate-unchecked'])
    assert.equal((await connection.rest()).length, 0)
  }
})

const MAPPED = { accountFrom: ['upn', 'mail', 'common-name'] }
const corp = { account: { domains: ['corp.example'] } }

test('a person must be whom the certificate names, in whatever spelling; a token whose owner nobody knows passes', async () => {
  const { root } = authorities
  const proxy = await start({ caFile: root.certificateFile, ...MAPPED }, corp)
  const { bearerField } = proxy
  assert.equal(await status(proxy, root.sign('by upn'), [bearerField]), ARRIVES)
  assert.equal(
    await status(proxy, root.sign('CORP.EXAMPLE\\\\Ada', { extensions: 'extendedKeyUsage=clientAuth' }), [bearerField]),
    ARRIVES,
  )
  const grace = root.sign('ada', { extensions: upnAndMail('grace@corp.example', 'ada@corp.example') })
  await assertRefused(proxy, 'client-certificate-mismatch', grace, [bearerField])
  assert.equal(await status(proxy, grace), ARRIVES)
  // The certificate says nothing of who it is, but by wish.
  assert.equal((await ask(proxy, root.sign('by upn'), [])).code, 'credentials-missing')
})

test('a certificate that names nobody, or two, is refused as not mapped', async () => {
  const { root } = authorities
  const proxy = await start({
    caFile: root.certificateFile,
    accountFrom: ['upn'],
    accountPattern: '(?<account>[a-z]+)@corp\\.example',
  })
  const upn = 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:'
  const named = (...names: readonly string[]) =>
    root.sign('ada', { extensions: `extendedKeyUsage=clientAuth\nsubjectAltName=${names.join(',')}` })
  assert.equal(await status(proxy, named(`${upn}ada@corp.example`), [proxy.bearerField]), ARRIVES)
  assert.equal(await status(proxy, named(`${upn}ada@corp.example`, `${upn}ada@corp.example`)), ARRIVES)
  for (const names of [
    ['email:ada@corp.example'],
    [`${upn}ada@other.example`],
    [`${upn}ada@corp.example`, `${upn}grace@corp.example`],
  ])
    await assertRefused(proxy, 'client-certificate-unmapped', named(...names))
})

test('as a first factor it says who somebody is, and is one factor: a rule lets it pass, or a person confirms', async () => {
  const { root } = authorities
  const rules = [
    // It is somebody.
    { name: 'nobody', require: 'refuse', when: { schemes: ['none'] } },
    {
      name: 'by-card',
      require: 'first-factor',
      reason: 'smart cards',
      when: { path: '/one/.*', schemes: ['certificate'] },
    },
  ]
  const secondFactor = { acceptAcr: ['urn:torhaus:acr:mfa'], rules }
  const proxy = await start({ caFile: root.certificateFile, ...MAPPED, firstFactor: true }, { ...corp, secondFactor })
  const card = root.sign('card')
  assert.equal(await status(proxy, card, [], '/one/'), ARRIVES)
  assert.equal(proxy.origin.requests.at(-1)?.all('X-Remote-Account').join(), 'ada@corp.example')
  const asked = await ask(proxy, card, [], '/two/')
  assert.deepEqual([asked.status, asked.code], [403, 'second-factor-missing'])
  assert.match(asked.text, /\/\.torhaus\/confirm\//)
  // Browsers show certificates by themselves, whoever has written the page.
  const evil = await ask(proxy, card, ['Origin: https://evil.example'], '/one/', ['--data', 'x'])
  assert.equal(evil.code, 'cross-site-request')
  // What comes with credentials is who they say, and the certificate must agree.
  assert.equal(await status(proxy, card, [proxy.bearerField], '/two/'), ARRIVES)
  const grace = root.sign('x', { extensions: upnAndMail('grace@corp.example', 'x@y') })
  await assertRefused(proxy, 'client-certificate-mismatch', grace, [proxy.bearerField])
})

test('a verdict is resumed after a start that changes nothing, and forgotten with a new list', async () => {
  const { root } = authorities
  const crlFile = authorities.write('resumed.pem', root.revocationList())
  const sessionTicketKeyFile = authorities.write('ticket-key', randomBytes(32).toString('base64'))
  const proxy = await start({ caFile: root.certificateFile, crlFile }, {}, {}, { sessionTicketKeyFile })
  const card = root.sign('card')
  let session: Buffer | undefined
  const visit = async () => {
    const options = { ca: own.certificate, cert: card.cert, key: card.key, ...(session && { session }) }
    const connection = await RawConnection.open(proxy.fixture.port, options)
    const socket = connection.socket as TLSSocket
    socket.on('session', (fresh: Buffer) => {
      session = fresh
    })
    const response = await connection.send(requestText('GET /', [proxy.host, patField])).response()
    const seen = { code: response.one('X-Torhaus-Error'), isResumed: socket.isSessionReused() }
    connection.close()
    return seen
  }
  assert.deepEqual(await visit(), { code: undefined, isResumed: false })
  await proxy.fixture.restart(config => config)
  assert.deepEqual(await visit(), { code: undefined, isResumed: true })
  root.revoke(card)
  authorities.write('resumed.pem', root.revocationList())
  await proxy.fixture.restart(config => config)
  assert.deepEqual(await visit(), { code: 'client-certificate-revoked', isResumed: false })
})

test('what others than people ask for needs no certificate', async () => {
  const proxy = await start({ caFile: authorities.root.certificateFile })
  assert.equal(await status(proxy, undefined, [], '/.torhaus/jwks.json'), 200)
  assert.equal((await ask(proxy, undefined, [], '/.torhaus/self-test')).code, 'self-test')
  assert.equal((await ask(proxy, undefined, [], '/.torhaus/')).code, 'client-certificate-missing')
  assert.equal((await ask(proxy, undefined, [], '/.torhaus/sign-in')).code, 'client-certificate-missing')
})

test('no field of anybody is believed about a certificate, not even of a proxy that is trusted', async () => {
  const settings = { caFile: authorities.root.certificateFile, ...MAPPED, firstFactor: true }
  const proxy = await start(settings, {}, { trustedProxies: ['127.0.0.1'] })
  const inBase64 = authorities.root.sign('card').cert.replaceAll(/-----[^-]+-----|\n/g, '')
  const fields = [`Client-Cert: :${inBase64}:`, `X-SSL-Client-Cert: ${inBase64}`, 'X-SSL-Client-Verify: SUCCESS']
  await assertRefused(proxy, 'client-certificate-missing', undefined, [patField, ...fields])
})

test('without the option no certificate is asked for', async () => {
  const proxy = await start({ caFile: authorities.root.certificateFile })
  const plain = await startProxy({
    configure: servingTls({ certificateFile: own.certificateFile, privateKeyFile: own.privateKeyFile }),
  })
  proxies.push(plain)
  const said = async ({ fixture }: ProxyUnderTest) =>
    (await tryCommand('openssl', ['s_client', '-connect', `127.0.0.1:${fixture.port}`], { timeoutMs: 20_000 })).stdout
  assert.match(await said(plain), /No client certificate CA names sent/)
  assert.match(await said(proxy), /Acceptable client certificate CA names\nCN ?= ?root\n/)
})
