/** An origin server that cannot be reached, takes passwords, or refuses what a ticket needs. */
import assert from 'node:assert/strict'
import { createServer as createPlainServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer } from 'node:https'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { createPlace, type Place } from '../../devkit/mistakes/place.ts'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { assertFound, configIn, found } from './doctor-lab.ts'

const challenge =
  (...schemes: readonly string[]): RequestListener =>
  (_, response) =>
    response.writeHead(401, schemes.length === 0 ? {} : { 'WWW-Authenticate': [...schemes] }).end()

type Change = (config: Config) => Config

const unchanged: Change = config => config
const forTokens: Change = config => ({
  ...config,
  credentials: { ...config.credentials, personalAccessTokens: ['azure-devops'] },
})
const kerberos: Config['upstream']['identity'] = {
  kind: 'kerberos',
  header: { field: 'X-Account' },
  kerberos: { targetPrincipal: 'HTTP/tfs', authenticatesConnections: false },
}
const byKerberos: Change = config => ({ ...config, upstream: { ...config.upstream, identity: kerberos } })

const PROOF: NonNullable<Config['credentials']['patProof']> = {
  ...{
    profile: 'azure-devops',
    off: false,
    serverTokens: 'prove',
    reportOnly: false,
    unreadable: 'refuse',
    verdictSeconds: 300,
  },
  ...{ refusalSeconds: 15, maxTokens: 100, maxReadsPerNetwork: 100, maxReads: 600, timeoutMs: 1000 },
}

/** What is found of a server that answers so. */
async function ofServer(listener: RequestListener, change = unchanged, options: ServerOptions = {}): Promise<string[]> {
  using place = createPlace()
  return await ofOpened(createPlainServer(options, listener), 'http', place, change)
}

async function ofOpened(
  server: Server,
  scheme: string,
  place: Place,
  change: Change,
  address = '127.0.0.1',
): Promise<string[]> {
  const port = await listen(server, address, 0)
  try {
    const config = change(configIn(place.configFile))
    return await found('upstream', {
      ...config,
      upstream: { ...config.upstream, url: `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}` },
    })
  } finally {
    await closeServer(server)
  }
}

/** Over TLS, with a certificate that the authority of the configuration has signed. */
async function overTls(subjectAltName: string, change = unchanged, days?: number, address?: string): Promise<string[]> {
  using place = createPlace()
  const { certificate: cert, privateKeyFile } = place.authority.sign(subjectAltName, days)
  const key = place.read(privateKeyFile.split('/').at(-1) ?? '')
  return await ofOpened(createServer({ cert, key }, challenge()), 'https', place, change, address)
}

const hasIPv6 = Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'))

test('nothing is said of one that is named by an address of IPv6', {
  skip: !hasIPv6 && 'this machine has no ::1',
}, async () => {
  assert.deepEqual(await overTls('IP:::1', unchanged, undefined, '::1'), [])
})

test('a Torhaus in place of the server is told, as where upstream.url is publicUrl', async () => {
  await assertFound(
    ofServer((_, response) => response.writeHead(401, { 'X-Torhaus-Error': 'credentials-missing' }).end()),
    /^error \(upstream\.url\) what answers at upstream\.url is Torhaus \(this instance or another\), not the origin server/,
  )
})

test('nothing is said of a server that answers, over TLS of the configured authority', async () => {
  assert.deepEqual(await ofServer(challenge('Negotiate', 'NTLM'), byKerberos, { maxHeaderSize: 131_072 }), [])
  assert.deepEqual(await ofServer(challenge('Bearer'), forTokens), [])
  assert.deepEqual(await overTls('IP:127.0.0.1'), [])
})

test('a certificate of another name, of another authority, or soon to expire is named', async () => {
  await assertFound(
    overTls('DNS:other.example.com'),
    /^error \(upstream\.url\) the origin server \(https:\S+\) presents a certificate for another name/,
  )
  await assertFound(
    overTls('IP:127.0.0.1', config => ({ ...config, upstream: { ...config.upstream, tls: {} } })),
    /^error \(upstream\.url\) the origin server \S+ presents a certificate from an authority that is not trusted/,
  )
  await assertFound(
    overTls('IP:127.0.0.1', unchanged, 1),
    /^warning \(\) the certificate of the origin server expires on/,
  )
  await assertFound(
    overTls('IP:127.0.0.1', unchanged, -1),
    /^error \(upstream\.url\) .* presents an expired certificate/,
  )
})

test('a server that offers Basic is an error where tokens pass unproven, and a warning where they are proven', async () => {
  const pattern = /\(credentials\.personalAccessTokens\) the origin server offers Basic/
  const basic = challenge('Bearer', 'Basic realm="tfs"')
  await assertFound(ofServer(basic, forTokens), /^error /)
  await assertFound(ofServer(basic, forTokens), pattern)
  assert.deepEqual(await ofServer(basic), [])
  const proven: Change = config => ({
    ...config,
    credentials: { ...config.credentials, personalAccessTokens: ['azure-devops'], patProof: PROOF },
  })
  await assertFound(ofServer(basic, proven), /^warning /)
})

test('a server whose limit of heads is below a ticket is named, and one that does not offer Negotiate', async () => {
  const negotiate = challenge('Negotiate')
  await assertFound(
    ofServer(negotiate, byKerberos, { maxHeaderSize: 8192 }),
    /^error \(upstream\.identity\.kind\) the origin server refuses a field of 12000 bytes \(431\)/,
  )
  await assertFound(
    ofServer(negotiate, byKerberos, { maxHeaderSize: 16_384 }),
    /^warning \(upstream\.identity\.kind\) the origin server refuses a field of 64000 bytes/,
  )
  assert.deepEqual(await ofServer(negotiate, byKerberos, { maxHeaderSize: 131_072 }), [])
  await assertFound(
    ofServer(challenge('NTLM'), byKerberos, { maxHeaderSize: 131_072 }),
    /^error \(upstream\.identity\.kind\) the origin server asks for credentials, but does not offer Negotiate/,
  )
})
