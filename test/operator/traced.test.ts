/** What the page for operators knows of single requests: bounded, and in full where somebody traces. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { KEPT } from '../../src/observability/recent-exchanges.ts'
import { until } from '../workers/workers-lab.ts'

const CREDENTIAL = 'dHJhY2VkLXJlcXVlc3RzLW9ubHk'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-traced-'))
  await writeFile(join(directory, 'credential'), CREDENTIAL, { mode: 0o600 })
})
after(() => rm(directory, { recursive: true, force: true }))

const proxyWith = (admin: object, logging: object = {}) =>
  startProxy({
    configure: configured(
      {},
      {},
      { admin: { host: '127.0.0.1', port: 0, credentialFile: join(directory, 'credential'), ...admin }, logging },
    ),
  })

const pageAt = async (proxy: ProxyUnderTest, path: string) =>
  (
    await fetch(`http://127.0.0.1:${proxy.fixture.torhaus.adminPort}${path}`, {
      headers: { Authorization: `Bearer ${CREDENTIAL}` },
    })
  ).text()

const traceOf = (proxy: ProxyUnderTest, id: string) =>
  until('the request to be kept', async () =>
    /<pre>(.*)<\/pre>/s
      .exec(await pageAt(proxy, `/operator/request?id=${id}`))?.[1]
      // One a line.
      ?.replaceAll(/<\/?span>/g, ''),
  )

/** Without how long the whole took, and each step. */
const withoutTimes = (text: string) => text.replaceAll(/ in [\d.]+ ms/g, '')

for (const [how, admin, logging] of [
  ['admin.traceOneIn', { traceOneIn: 1 }, {}],
  ['logging.trace', {}, { trace: true }],
] as const) {
  test(`with ${how}, what went through is found as well, and each stage has its time`, async () => {
    const proxy = await proxyWith(admin, logging)
    try {
      const passed = await proxy.ask('GET /page?a=secret', [proxy.bearerField])
      const text = await traceOf(proxy, passed.one('X-Request-Id') ?? '')
      assert.match(text, /^GET \/page -&gt; 200 forwarded in [\d.]+ ms/)
      assert.match(text, /5 require-second-factor .*admitted_by=second-factor; proceed in [\d.]+ ms$/m)
      assert.match(text, /8 forward .*forwarded in [\d.]+ ms$/m)
      const refused = await proxy.ask('TRACE /', [])
      assert.match(await traceOf(proxy, refused.one('X-Request-Id') ?? ''), /method-refused: .*; deny in [\d.]+ ms$/m)
    } finally {
      await proxy.close()
    }
  })
}

test('one in so many is traced, and the others cost nothing more', async () => {
  const proxy = await proxyWith({ traceOneIn: 3 })
  try {
    const ids: string[] = []
    for (let count = 0; count < 6; count++)
      ids.push((await proxy.ask('GET /page', [proxy.bearerField])).one('X-Request-Id') ?? '')
    await until(
      'the fourth to be kept',
      async () => !(await pageAt(proxy, `/operator/request?id=${ids[3]}`)).includes('No worker has it'),
    )
    const kept = await Promise.all(ids.map(async id => /<pre>/.test(await pageAt(proxy, `/operator/request?id=${id}`))))
    assert.deepEqual(kept, [true, false, false, true, false, false])
  } finally {
    await proxy.close()
  }
})

test('what is put together at the end of a request tells what a trace of it tells, but for times and demands', async () => {
  const [plain, traced] = [await proxyWith({}), await proxyWith({ traceOneIn: 1 })]
  try {
    for (const [line, fields] of [
      ['GET /api', ['Accept: application/json']],
      ['TRACE /', []],
      ['GET /%2e%2e/x', []],
      ['GET /.torhaus/no-such-page', []],
      ['GET /api', ['Authorization: Bearer x.y.z']],
      ['GET /api', ['Authorization: Basic Og==']],
    ] as const) {
      const texts = []
      for (const proxy of [plain, traced]) {
        const id = (await proxy.ask(line, fields)).one('X-Request-Id') ?? ''
        texts.push(withoutTimes(await traceOf(proxy, id)).replaceAll(id, 'ID'))
      }
      const [atEnd = '', inFull = ''] = texts
      // A stage says what it does, the end how the exchange ended.
      const ends = /(challenge|deny|challenged|denied|failed|fault)$/gm
      assert.equal(atEnd.replace(ends, 'END'), inFull.replace(ends, 'END'), line)
    }
  } finally {
    await plain.close()
    await traced.close()
  }
})

test('so many of an outcome are kept, the newest, whatever comes; of another outcome none makes room', async () => {
  const proxy = await proxyWith({})
  try {
    const refused = (await proxy.ask('TRACE /first', [])).one('X-Request-Id') ?? ''
    await traceOf(proxy, refused)
    const ids: string[] = []
    for (let count = 0; count < KEPT + 5; count++)
      ids.push((await proxy.ask(`GET /x${count}`, ['Authorization: Bearer x.y.z'])).one('X-Request-Id') ?? '')
    await traceOf(proxy, ids.at(-1) ?? '')
    const isKept = async (id = '') => /<pre>/.test(await pageAt(proxy, `/operator/request?id=${id}`))
    assert.deepEqual(
      [await isKept(ids[4]), await isKept(ids[5]), await isKept(ids.at(-1)), await isKept(refused)],
      [false, true, true, true],
    )
  } finally {
    await proxy.close()
  }
})
