/** A TLS session that began at one instance is resumed at another, where both have one key; a stranger's is not. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, createServer, type SecureVersion } from 'node:tls'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { shareSessionTickets } from '../../src/listener/session-tickets.ts'

let directory: string
let certificate: Certificate
const opened = new AsyncDisposableStack()
let one: ProxyUnderTest
let other: ProxyUnderTest
let stranger: ProxyUnderTest
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-tickets-'))
  certificate = await createCertificate('IP:127.0.0.1')
  const start = async (name: string) => {
    const { certificateFile, privateKeyFile } = certificate
    const tls = { certificateFile, privateKeyFile, sessionTicketKeyFile: join(directory, name) }
    const proxy = await startProxy({ configure: configured({ tls }) })
    opened.defer(() => proxy.close())
    return proxy
  }
  for (const name of ['shared', 'own'])
    await writeFile(join(directory, name), randomBytes(32).toString('base64'), { mode: 0o600 })
  ;[one, other, stranger] = [await start('shared'), await start('shared'), await start('own')]
})
after(async () => {
  await opened.disposeAsync()
  await certificate.remove()
  await rm(directory, { recursive: true })
})

test('keys change with the time, at all who have the secret, and are those of the worker next door', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = Date.UTC(2026, 0, 1)
  const secret = randomBytes(32)
  const { certificate: cert, privateKey: key } = certificate
  await using servers = new AsyncDisposableStack()
  const start = async (its = secret) => {
    const server = createServer({ cert, key, maxVersion: 'TLSv1.2' }, socket => socket.on('error', () => {}).resume())
    const port = await listen(server, '127.0.0.1', 0)
    const end = shareSessionTickets(server, its, () => nowMs)
    servers.defer(async () => {
      end()
      server.close()
    })
    return port
  }
  const [here, there, elsewhere] = [await start(), await start(), await start(randomBytes(32))]
  /** The new session, where that one was not resumed. */
  const open = async (port: number, session?: Buffer): Promise<Buffer | undefined> => {
    const socket = connect({ host: '127.0.0.1', port, ca: cert, session })
    const told = once(socket, 'session').catch(() => [])
    await once(socket, 'secureConnect')
    const fresh = socket.isSessionReused() ? undefined : (await told)[0]
    socket.destroy()
    return fresh
  }
  const session = await open(here)
  assert.equal(await open(there, session), undefined)
  assert.notEqual(await open(elsewhere, session), undefined)
  nowMs += 12 * 3_600_000
  t.mock.timers.tick(10_000)
  assert.notEqual(await open(here, session), undefined)
  assert.equal(await open(there, await open(here)), undefined)
})

interface Connected {
  readonly isReused: boolean
  /** A new one where it was not reused. */
  readonly session: Buffer | undefined
}

/** One request; with TLS 1.3 the ticket comes with or after the answer. */
async function ask({ fixture }: ProxyUnderTest, version: SecureVersion, session?: Buffer): Promise<Connected> {
  const versions = { minVersion: version, maxVersion: version }
  const socket = connect({ host: '127.0.0.1', port: fixture.port, ca: certificate.certificate, ...versions, session })
  try {
    const told = once(socket, 'session')
    await once(socket, 'secureConnect')
    const answered = once(socket, 'data')
    socket.write(requestText('GET /.torhaus/jwks.json', [`Host: 127.0.0.1:${fixture.port}`]))
    await answered
    const isReused = socket.isSessionReused()
    return { isReused, session: isReused ? session : (await told)[0] }
  } finally {
    socket.destroy()
  }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`a session of ${version} is resumed at every instance with the same key, and at no other`, async () => {
    const first = await ask(one, version)
    assert.equal(first.isReused, false)
    assert.equal((await ask(one, version, first.session)).isReused, true)
    assert.equal((await ask(other, version, first.session)).isReused, true)
    assert.equal((await ask(stranger, version, first.session)).isReused, false)
  })
