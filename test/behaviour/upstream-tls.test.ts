import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:https'
import { after, before, test } from 'node:test'
import tls, { connect } from 'node:tls'
import { listen } from '../../devkit/op/listen.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let own: Certificate
let named: Certificate
let forClients: Certificate
let servers: Server[]
let origins: { own: string; named: string; old: string; forClients: string }
let requests = 0
before(async () => {
  own = await createCertificate('IP:127.0.0.1')
  named = await createCertificate('DNS:devops.example')
  forClients = await createCertificate('IP:127.0.0.1', ['extendedKeyUsage=clientAuth'])
  const serve = async ({ certificate, privateKey }: Certificate, more: object = {}) => {
    const server = createServer({ cert: certificate, key: privateKey, ...more }, (_, response) => {
      requests++
      response.end('over TLS')
    })
    servers.push(server)
    return `https://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
  }
  servers = []
  origins = {
    own: await serve(own),
    named: await serve(named),
    forClients: await serve(forClients),
    old: await serve(own, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  }
})
after(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await own.remove()
  await named.remove()
  await forClients.remove()
})

async function askThrough<T>(upstreamUrl: string, tls: object, ask: (proxy: ProxyUnderTest) => Promise<T>): Promise<T> {
  const proxy = await startProxy({ upstreamUrl, configure: configured({}, { tls }) })
  try {
    return await ask(proxy)
  } finally {
    await proxy.close()
  }
}

/** Origins whose certificate must not be believed, and how Torhaus is told to check it. */
const refused: Record<string, () => [url: string, tls: object]> = {
  'is self-signed': () => [origins.own, {}],
  'is of an authority that is not the one configured': () => [origins.own, { caFile: named.certificateFile }],
  'names another host': () => [origins.named, { caFile: named.certificateFile }],
  'does not name the server expected': () => [
    origins.own,
    { caFile: own.certificateFile, serverName: 'devops.example' },
  ],
  'is for clients, not for servers': () => [origins.forClients, { caFile: forClients.certificateFile }],
  'comes with TLS 1.1': () => [origins.old, { caFile: own.certificateFile }],
}

for (const [what, setting] of Object.entries(refused)) {
  test(`an origin whose certificate ${what} gets no request: 502`, async () => {
    const before = requests
    const [url, tls] = setting()
    await askThrough(url, tls, async proxy => {
      const response = await proxy.pass('GET /')
      assert.equal(response.status, 502)
      assert.equal(response.one('X-Torhaus-Error'), 'upstream-tls-failed')
      assert.equal((await proxy.record(response))['torhaus.code'], 'upstream-tls-failed')
    })
    assert.equal(requests, before)
  })
}

test('an origin whose certificate is of the authority configured is believed', async () => {
  const tls = { caFile: own.certificateFile }
  const texts = await askThrough(origins.own, tls, async proxy => [
    (await proxy.pass('GET /')).text,
    (await proxy.pass('GET /')).text,
  ])
  assert.deepEqual(texts, ['over TLS', 'over TLS'])
})

test('an origin that is dialled by address is believed under the name configured', async () => {
  const tls = { caFile: named.certificateFile, serverName: 'devops.example' }
  assert.equal(await askThrough(origins.named, tls, async proxy => (await proxy.pass('GET /')).text), 'over TLS')
})

test('authorities are read once, not for each connection to the server', async t => {
  const server = createServer({ cert: own.certificate, key: own.privateKey }, (_, response) => {
    response.setHeader('Connection', 'close').end('over TLS')
  })
  let connections = 0
  server.on('secureConnection', () => connections++)
  servers.push(server)
  const url = `https://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
  await askThrough(url, { caFile: own.certificateFile }, async proxy => {
    const made = t.mock.method(tls, 'createSecureContext')
    for (let count = 0; count < 3; count++) assert.equal((await proxy.pass('GET /')).text, 'over TLS')
    assert.deepEqual([connections, made.mock.callCount()], [3, 0])
    // What is counted is what a connection without a context of its own makes.
    connect({ port: Number(new URL(url).port), rejectUnauthorized: false })
      .on('error', () => {})
      .destroy()
    assert.equal(made.mock.callCount(), 1)
  })
})
