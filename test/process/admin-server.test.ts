import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import { connect, isIPv6, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, afterEach, before, test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { operatorParts } from '../../devkit/torhaus/operator-parts.ts'
import { basic } from '../../devkit/torhaus/proxy-under-test.ts'
import { AdminServer } from '../../src/process/admin-server.ts'

const CREDENTIAL = 'q0JvYk5vYm9keUtub3dzVGhpcw'
const OTHER = 'wA4nR8sT2uV6xY0zB3cD7eF1'

let directory: string
let credentialFile: string
let certificates: readonly Certificate[]
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-admin-'))
  credentialFile = join(directory, 'credential')
  certificates = [await createCertificate('IP:127.0.0.1'), await createCertificate('IP:127.0.0.1')]
})
after(async () => {
  for (const certificate of certificates) await certificate.remove()
  await rm(directory, { recursive: true, force: true })
})

const opened: AdminServer[] = []
/** Wrong credentials that were told of: paths and addresses. */
const refused: (readonly [string, string | undefined])[] = []
afterEach(async () => {
  refused.splice(0)
  for (const server of opened.splice(0)) await server.close()
  await writeFile(credentialFile, `${CREDENTIAL}\n`)
})

type Settings = Partial<Omit<Config['admin'], 'traceOneIn'>>

async function open(settings: Settings, maxConnections?: number): Promise<(change: Settings) => Promise<void>> {
  await writeFile(credentialFile, `${CREDENTIAL}\n`)
  const server = new AdminServer({
    ...(maxConnections === undefined ? {} : { maxConnections }),
    monotonic: () => performance.now(),
    metrics: async () => ({ contentType: 'text/plain', text: 'torhaus_workers 2\n' }),
    onWrongCredential: (...wrong) => refused.push(wrong),
    isAlive: () => true,
    reloads: () => ({ success: 0, failure: 0 }),
    readiness: () => ({ ready: true, parts: { store: 'available' } }),
    operator: operatorParts(undefined, async () => [], Date.now),
  })
  opened.push(server)
  const all = { host: '127.0.0.1', port: await freePort(), hostNames: [], ...settings }
  await server.open(all)
  return change => server.open({ ...all, ...change })
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly content: string
}

function ask(path: string, authorization?: string, ca?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const headers = authorization === undefined ? {} : { Authorization: authorization }
  const options = { host: '127.0.0.1', port: opened[0]?.port, path, headers, agent: false }
  const take = (response: IncomingMessage) =>
    void text(response).then(
      content => resolve({ status: response.statusCode, headers: response.headers, content }),
      reject,
    )
  const request = ca === undefined ? getPlain(options, take) : getSecure({ ...options, ca }, take)
  request.on('error', reject)
  return promise
}

test('without the credential nobody is told metrics or parts, and everybody whether it lives and is ready', async () => {
  await open({ credentialFile })
  for (const wrong of [undefined, `Bearer ${OTHER}`, 'Bearer ', basic('', OTHER).slice(15), 'Negotiate YII=']) {
    const { status, headers, content } = await ask('/metrics', wrong)
    assert.equal(status, 401, String(wrong))
    assert.match(String(headers['www-authenticate']), /^Bearer realm=/)
    assert.doesNotMatch(content, /torhaus_workers/)
  }
  assert.equal((await ask('/livez')).status, 200)
  assert.deepEqual(JSON.parse((await ask('/readyz')).content), { ready: true })
})

test('with the credential, as Bearer or as a password of Basic, all is told', async () => {
  await open({ credentialFile })
  for (const right of [`Bearer ${CREDENTIAL}`, `bearer ${CREDENTIAL}`, basic('anybody', CREDENTIAL).slice(15)])
    assert.equal((await ask('/metrics', right)).content, 'torhaus_workers 2\n', right)
  assert.match((await ask('/readyz', `Bearer ${CREDENTIAL}`)).content, /"store":"available"/)
})

test('a wrong credential is told of with path and address, the right one and none at all are not', async () => {
  await open({ credentialFile })
  await ask('/metrics', `Bearer ${OTHER}`)
  await ask('/readyz?x=1', basic('anybody', OTHER).slice(15))
  await ask('/operator', `Bearer ${CREDENTIAL}1`)
  for (const right of [undefined, `Bearer ${CREDENTIAL}`, basic('anybody', CREDENTIAL).slice(15)])
    for (const path of ['/metrics', '/readyz', '/operator/refusals', '/nowhere']) await ask(path, right)
  assert.deepEqual(refused, [
    ['/metrics', '127.0.0.1'],
    ['/readyz', '127.0.0.1'],
    ['/operator', '127.0.0.1'],
  ])
})

test('where no credential is configured, who reaches it is told', async () => {
  await open({})
  assert.equal((await ask('/metrics')).status, 200)
  assert.match((await ask('/readyz')).content, /"store"/)
})

test('where no credential is configured, there is no page for operators, and the answer names the option', async () => {
  await open({})
  for (const path of ['/operator', '/operator/person?account=ada', '/operator/refusals', '/operator/request?id=x']) {
    const { status, content } = await ask(path, `Bearer ${CREDENTIAL}`)
    assert.equal(status, 403, path)
    assert.match(content, /admin\.credentialFile/)
  }
})

test('a query of more than a thousand parameters is not taken apart', async () => {
  await open({})
  for (const path of ['/livez', '/operator/person'])
    assert.equal((await ask(`${path}?${'a&'.repeat(1001)}`)).status, 400, path)
  assert.equal((await ask(`/livez?${'a&'.repeat(990)}`)).status, 200)
})

test('where no worker answers, the page for operators says so', async () => {
  await open({ credentialFile })
  const { status, content } = await ask('/operator/person?account=ada', `Bearer ${CREDENTIAL}`)
  assert.deepEqual([status, /no worker answers/.test(content)], [503, true])
})

test('HEAD has the fields of GET, and what there is not is not found, however it is spelled', async () => {
  await open({ credentialFile })
  const url = `http://127.0.0.1:${opened[0]?.port}`
  const headers = { Authorization: `Bearer ${CREDENTIAL}` }
  const [head, get] = [
    await fetch(`${url}/metrics`, { method: 'HEAD', headers }),
    await fetch(`${url}/metrics`, { headers }),
  ]
  const fields = ({ status, headers }: Response) => [status, headers.get('Content-Type'), headers.get('Content-Length')]
  assert.deepEqual([fields(head), await head.text()], [[200, 'text/plain', '18'], ''])
  assert.deepEqual([fields(get), await get.text()], [fields(head), 'torhaus_workers 2\n'])
  for (const path of ['/', '/metrics/', '/Metrics', '/toString', '/operator/end', '//metrics'])
    assert.equal((await ask(path, headers.Authorization)).status, 404, path)
  assert.equal((await fetch(`${url}/metrics`, { method: 'POST', headers })).status, 404)
})

test('what is no form, is longer than one, or does not say how long it is, is not read', async () => {
  await open({ credentialFile })
  const url = `http://127.0.0.1:${opened[0]?.port}`
  const form = 'application/x-www-form-urlencoded'
  const send = async (type: string, init: RequestInit & { readonly duplex?: 'half' }) => {
    const headers = { Authorization: `Bearer ${CREDENTIAL}`, Origin: url, 'Content-Type': type }
    const response = await fetch(`${url}/operator/end`, { method: 'POST', headers, ...init })
    return [response.status, /This form is too long|The request is not a form/.exec(await response.text())?.[0]]
  }
  const long = `what=person&account=${'a'.repeat(5000)}`
  const short = 'what=person&account=ada'
  assert.deepEqual(await send(form, { body: long }), [413, 'This form is too long'])
  assert.deepEqual(await send(form, { body: new Blob([long]).stream(), duplex: 'half' }), [
    413,
    'This form is too long',
  ])
  for (const type of ['application/json', 'text/plain', 'text/plain; application/x-www-form-urlencoded', `${form}2`])
    assert.deepEqual(await send(type, { body: short }), [415, 'The request is not a form'], type)
  for (const type of [form, `${form.toUpperCase()}; charset=UTF-8`])
    assert.deepEqual(await send(type, { body: short }), [403, undefined], type)
})

test('where it is to listen at localhost, each address of that answers, until it is closed', async () => {
  await open({ host: 'localhost' })
  const addresses = (await lookup('localhost', { all: true })).map(({ address }) => address)
  const port = opened[0]?.port ?? 0
  const own = Object.values(networkInterfaces()).flatMap(all => all?.map(({ address }) => address) ?? [])
  const there = addresses.filter(address => own.includes(address))
  assert.ok(there.length > 0)
  const asked = (address: string) => fetch(`http://${isIPv6(address) ? `[${address}]` : address}:${port}/livez`)
  for (const address of there) assert.equal((await asked(address)).status, 200, address)
  await opened[0]?.close()
  for (const address of there) await assert.rejects(asked(address), address)
})

test('closing it cuts off who is in the middle of a request', async () => {
  await open({})
  const socket = connect({ host: '127.0.0.1', port: opened[0]?.port ?? 0 })
  await once(socket, 'connect')
  socket.write('GET /metrics HTTP/1.1\r\nHost: ')
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.on('error', () => undefined).resume()
  await opened[0]?.close()
  await closed
})

test('it speaks TLS, and a reload brings the next certificate and the next credential', async () => {
  const [first, second] = certificates
  assert.ok(first && second)
  const reload = await open({ credentialFile, tls: first })
  assert.equal((await ask('/metrics', `Bearer ${CREDENTIAL}`, first.certificate)).status, 200)
  await assert.rejects(ask('/metrics', undefined, second.certificate))
  await writeFile(credentialFile, OTHER)
  await reload({ credentialFile, tls: second })
  await assert.rejects(ask('/metrics', undefined, first.certificate))
  assert.equal((await ask('/metrics', `Bearer ${CREDENTIAL}`, second.certificate)).status, 401)
  assert.equal((await ask('/metrics', `Bearer ${OTHER}`, second.certificate)).status, 200)
})

test('TLS comes and goes on one port, and a port that is taken leaves everything as it was', async () => {
  const [certificate] = certificates
  assert.ok(certificate)
  const reload = await open({})
  await reload({ tls: certificate })
  assert.equal((await ask('/livez', undefined, certificate.certificate)).status, 200)
  await reload({})
  assert.equal((await ask('/livez')).status, 200)
  const port = opened[0]?.port
  await open({})
  const [, taken] = opened
  await assert.rejects(reload({ port: taken?.port ?? 0 }), /EADDRINUSE/)
  assert.equal(opened[0]?.port, port)
  assert.equal((await ask('/livez')).status, 200)
})

for (const how of ['plain', 'tls'] as const) {
  test(`${how}: whoever holds connections and asks nothing keeps nobody from asking, and holds no more than the bound`, async () => {
    const [certificate] = certificates
    assert.ok(certificate)
    await open(how === 'tls' ? { tls: certificate } : {}, 8)
    const held = new Set<Socket>()
    for (let count = 0; count < 40; count++) {
      const socket = connect({ host: '127.0.0.1', port: opened[0]?.port ?? 0 })
      socket.on('error', () => undefined).on('close', () => held.delete(socket))
      held.add(socket)
      await once(socket, 'connect')
    }
    const ca = how === 'tls' ? certificate.certificate : undefined
    for (let count = 0; count < 3; count++) assert.equal((await ask('/livez', undefined, ca)).status, 200)
    await eventually(() => held.size <= 8, 'most have been closed')
    for (const socket of held) socket.destroy()
  })
}
