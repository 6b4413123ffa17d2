/** What is seen of each KDC: in spans, metrics and `/readyz`; and the next one, where one is away. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KdcRelay, type KdcRelayMode, startKdcRelay } from '../../devkit/realm/kdc-relay.ts'
import { numberedAccounts } from '../../devkit/realm/lab-accounts.ts'
import { KDC_PORT } from '../../devkit/realm/samba-config.ts'
import { startCollector } from '../observability/collector.ts'
import { bearer, seenAs } from './proxy-client.ts'
import { type ProxyLab, startProxyLab } from './proxy-lab.ts'

const COLD_ACCOUNTS = 20
const FORMS = ['silent', 'refusing', 'dropping', 'lying', 'slow'] as const
/** Longer than a KDC is waited for alone. */
const SLOW_MS = 3_000
const MODES: Readonly<Record<(typeof FORMS)[number], KdcRelayMode>> = {
  ...{ silent: 'hang', refusing: 'refuse', dropping: 'drop', lying: 'garbage', slow: { delayMs: SLOW_MS } },
}

/** What is said of each. */
const FAILURES: Readonly<Record<(typeof FORMS)[number], string>> = {
  ...{ silent: 'silent', refusing: 'unreachable', dropping: 'unreachable', lying: 'not-believed', slow: 'silent' },
}

let lab: ProxyLab
before(async () => {
  lab = await startProxyLab({ extraUsers: COLD_ACCOUNTS })
})
after(() => lab.close())

test('what the KDC is asked for an exchange is a span of that exchange; one whose ticket is there has none', async () => {
  await using collector = await startCollector()
  const proxy = await lab.proxy({
    configure: config => ({ ...config, tracing: { otlpUrl: collector.url, sampleOneIn: 1 } }),
  })
  try {
    const headers = bearer(await proxy.bearerOf('carol'))
    const paths = ['/whoami?first', '/whoami?second']
    for (const path of paths) assert.equal((await proxy.ask(path, { headers })).body, seenAs('carol'))
    const traces: (string | undefined)[] = []
    for (let asked = 0; asked < paths.length; asked++) {
      const record = await proxy.logged(
        entry => entry['event.action'] === 'request' && !traces.includes(entry['trace.id'] as string),
      )
      traces.push(record['trace.id'] as string)
    }
    const [first = [], second = []] = await Promise.all(traces.map(trace => collector.of(trace ?? '')))
    const root = first.find(({ kind }) => kind === 2)
    const asked = first.filter(({ name }) => name === 'kdc')
    assert.ok(asked.length >= 1)
    for (const { kind, parentSpanId } of asked) assert.deepEqual([kind, parentSpanId], [3, root?.spanId])
    assert.equal(second.filter(({ name }) => name === 'kdc').length, 0)
  } finally {
    await proxy.stop()
  }
})

describe('with one KDC of two', () => {
  test('that comes back, it is noticed beside what others ask, and it is the first again', async () => {
    await using undo = new AsyncDisposableStack()
    const { address } = lab.kdc
    const first = await startKdcRelay({ address, kdcAddress: address, kdcPort: KDC_PORT })
    undo.defer(first.close)
    first.mode = 'refuse'
    const name = `${first.address}:${first.port}`
    const krb5Config = await lab.kdc.writeKrb5Config('back-krb5.conf', { kdcs: [name, lab.kdc.kdc] })
    const proxy = await lab.proxy({ kdc: { ...lab.kdc, krb5Config } })
    undo.defer(() => proxy.stop())
    const accounts = numberedAccounts(COLD_ACCOUNTS)
    const isUp = () => proxy.metric('torhaus_kdc_up', { kdc: name })
    const askNext = async () => {
      const { name: account } = accounts.shift() ?? assert.fail('it did not come back')
      assert.equal((await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf(account)) })).status, 200)
    }
    await askNext()
    assert.equal(await isUp(), 0)
    first.mode = 'pass'
    for (; (await isUp()) === 0; await sleep(1_000)) await askNext()
    // By the first step of a sign-in, once; whoever asks next is answered by it.
    const { as, tgs } = first.requests()
    assert.equal(as, 1)
    await askNext()
    assert.deepEqual(first.requests(), { as, tgs: tgs + 2 })
    assert.equal((await proxy.readiness()).parts[`kdc ${name}`], 'answered')
  })

  for (const form of FORMS) {
    test(`${form}, twenty accounts that were never here get in, and the other is asked first from then on`, async () => {
      await using undo = new AsyncDisposableStack()
      const { address } = lab.kdc
      const bad: KdcRelay = await startKdcRelay({ address, kdcAddress: address, kdcPort: KDC_PORT })
      undo.defer(bad.close)
      bad.mode = MODES[form]
      const kdcs = [`${bad.address}:${bad.port}`, lab.kdc.kdc]
      const proxy = await lab.proxy({
        configure: config => ({ ...config, kerberos: { ...config.kerberos, kdcs, krb5ConfigFile: undefined } }),
      })
      undo.defer(() => proxy.stop())
      const { as, tgs } = lab.kdc.requests()
      const before = as + tgs
      const names = numberedAccounts(COLD_ACCOUNTS).map(({ name }) => name)
      const answers = names.map(async name => proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf(name)) }))
      assert.deepEqual(
        (await Promise.all(answers)).map(({ body }) => body),
        names.map(seenAs),
      )
      const [toBad, toGood] = [bad.requests(), lab.kdc.requests()].map(({ as, tgs }) => as + tgs)
      const [badName, goodName] = kdcs as [string, string]
      assert((await proxy.metric('torhaus_kdc_failures_total', { kdc: badName, failure: FAILURES[form] })) > 0)
      assert((await proxy.metric('torhaus_kdc_answer_duration_seconds_count', { kdc: goodName })) >= COLD_ACCOUNTS)
      assert.equal(await proxy.metric('torhaus_kdc_up', { kdc: goodName }), 1)
      assert.equal(await proxy.metric('torhaus_kdc_up', { kdc: badName }), 0)
      const { parts } = await proxy.readiness()
      assert.deepEqual([parts[`kdc ${badName}`], parts[`kdc ${goodName}`]], [FAILURES[form], 'answered'])
      // A machine under load makes the good one slow, too, so the other is asked now and then.
      assert((toBad ?? 0) * 2 < (toGood ?? 0) - before, `${toBad} of its own, ${toGood} before ${before}`)
    })
  }
})
