/** Hops before Torhaus that clean up, forge, refuse or lead elsewhere: the self-test by way of publicUrl finds each. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { assertFound, configIn, found } from './doctor-lab.ts'

let torhaus: ProxyUnderTest
let config: Config
before(async () => {
  // Its name is the same by way of any port.
  torhaus = await startProxy({ configure: configured({ trustedProxies: ['127.0.0.1'] }) })
  config = configIn(torhaus.fixture.configFile)
})
after(() => torhaus?.close())

/** What a balancer does to a request line and its fields. */
interface Hop {
  readonly target?: (target: string) => string
  readonly client?: (fields: Record<string, string>) => void
  /** It answers by itself. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Where it goes, of one request after the other. */
  readonly ports?: readonly number[]
}

const setsClient = (fields: Record<string, string>) => {
  fields['X-Forwarded-For'] = '10.1.2.3'
}

function startHop({ target = same => same, client = setsClient, answer = () => false, ports = [] }: Hop): Server {
  let count = 0
  return createServer((incoming, outgoing) => {
    if (answer(incoming, outgoing)) return
    const fields: Record<string, string> = { Host: incoming.headers.host ?? '' }
    if (incoming.headers['x-forwarded-for'] !== undefined)
      fields['X-Forwarded-For'] = String(incoming.headers['x-forwarded-for'])
    client(fields)
    const options = {
      port: ports[count++ % ports.length] ?? torhaus.fixture.port,
      host: '127.0.0.1',
      path: target(incoming.url ?? '/'),
      headers: fields,
    }
    request(options, back => {
      outgoing.writeHead(back.statusCode ?? 0, { ...back.headers, Server: 'hop/1' })
      back.pipe(outgoing)
    }).end()
  })
}

async function behind(hop: Hop, listener: Partial<Config['listener']> = {}): Promise<string[]> {
  const server = startHop(hop)
  const port = await listen(server, '127.0.0.1', 0)
  try {
    return await found('way-in', {
      ...{ ...config, listener: { ...config.listener, ...listener } },
      publicUrl: `http://127.0.0.1:${port}`,
    })
  } finally {
    await closeServer(server)
  }
}

const about = (findings: readonly string[]) => findings.map(line => /the probe (\S+)/.exec(line)?.[1] ?? line)

test('nothing is said of a hop that passes requests on as they are, and says who has sent them', async () => {
  assert.deepEqual(await behind({}), [])
})

test('a hop that resolves dot segments, decodes slashes or merges them is told to be one that rewrites', async () => {
  const decoding = await behind({ target: target => decodeURIComponent(target) })
  assert.deepEqual(about(decoding), ['encoded-dot-segments', 'encoded-slash', 'hidden-path'])
  for (const finding of decoding)
    assert.match(finding, /^error \(publicUrl\) a hop before Torhaus \(hop\/1\) rewrites paths/)
  const merging = await behind({ target: target => target.replaceAll('//', '/') })
  assert.deepEqual(about(merging), ['doubled-slash'])
  const resolving = await behind({
    target: target => new URL(target, 'http://hop').pathname + new URL(target, 'http://hop').search,
  })
  assert.deepEqual(about(resolving), ['dot-segments', 'encoded-dot-segments', 'backslash'])
})

test('a hop that passes on what a client says of its own address is an error, and so is one that says nothing', async () => {
  await assertFound(
    behind({ client: () => undefined }).then(all => all.filter(line => line.includes('itself sends'))),
    /^error \(listener\.trustedProxies\) the client address is taken from what the client itself sends/,
  )
  await assertFound(
    behind({ client: fields => delete fields['X-Forwarded-For'] }),
    /^error \(listener\.trustedProxies\) the client address does not arrive/,
  )
})

test('a balancer is seen where no proxy is listed, and without one nothing is said', async () => {
  await assertFound(
    behind({ client: fields => delete fields['X-Forwarded-For'] }, { trustedProxies: [] }),
    /^warning \(listener\.trustedProxies\) a hop before Torhaus \(hop\/1\) answers at publicUrl, but listener\.trustedProxies is empty/,
  )
  const direct = { ...config, listener: { ...config.listener, trustedProxies: [] } }
  const untold = await found('way-in', direct)
  assert.deepEqual(
    untold.filter(line => line.includes('is empty')),
    [],
  )
})

test('a hop that refuses by itself what may be meant is a warning, and one that leads elsewhere an error', async () => {
  const refusing = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const isOdd = /%2f|\.\./i.test(incoming.url ?? '')
    if (isOdd) outgoing.writeHead(404, { Server: 'Microsoft-IIS/10.0' }).end()
    return isOdd
  }
  await assertFound(
    behind({ answer: refusing }),
    /^warning \(publicUrl\) a hop before Torhaus \(Microsoft-IIS\/10\.0\) answers the probe encoded-slash with 404 by itself/,
  )
  const elsewhere = await behind({
    answer(incoming, outgoing) {
      const isElsewhere = incoming.url?.includes('//') === true
      if (isElsewhere) outgoing.writeHead(200).end('the server itself')
      return isElsewhere
    },
  })
  assert.deepEqual(about(elsewhere), ['doubled-slash'])
  assert.match(elsewhere[0] ?? '', /^error \(publicUrl\) .* is answered with 200, but not by Torhaus: a hop/)
})

test('where publicUrl cannot be reached from here it is said, and where Torhaus does not run nothing is asked', async () => {
  await assertFound(
    found('way-in', { ...config, publicUrl: 'http://127.0.0.1:9' }),
    /^warning \(publicUrl\) publicUrl \(http:\/\/127\.0\.0\.1:9\) refuses connections/,
  )
  const stopped = { ...config, listener: { ...config.listener, port: 9 } }
  assert.match((await found('way-in', stopped)).join(), /^skipped: Torhaus does not answer on its listener/)
})

test('a second Torhaus behind the same balancer is found where it has other session keys, and no other', async () => {
  const { port, configFile } = torhaus.fixture
  const directory = dirname(configFile)
  const key = readFileSync(join(directory, 'session-key'), 'utf8')
  const name = config.publicUrl
  for (const [what, lines, isForeign] of [
    ['the same key', [key], false],
    ['a key of its own', [randomBytes(32).toString('base64')], true],
    // A change of keys that has reached one of them: the new one is taken by both before anybody seals with it.
    ['a change of keys', [key, randomBytes(32).toString('base64')], false],
  ] as const) {
    const other = await startProxy({
      configure: usual => {
        const files = lines.map((line, index) => {
          const file = join(directory, `other-key-${index}`)
          writeFileSync(file, line, { mode: 0o600 })
          return file
        })
        const base = configured({ trustedProxies: ['127.0.0.1'] })(usual) as typeof usual
        return {
          ...base,
          publicUrl: name,
          oidc: { ...base.oidc, issuer: config.oidc?.issuer },
          session: { ...base.session, encryptionKeyFiles: files },
        }
      },
    })
    try {
      const findings = await behind({ ports: [port, other.fixture.port] })
      const isTold = findings.some(line =>
        line.startsWith('error (session.encryptionKeyFiles) another Torhaus answers'),
      )
      assert.equal(isTold, isForeign, `${what}: ${findings.join()}`)
    } finally {
      await other.close()
    }
  }
})
