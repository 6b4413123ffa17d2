import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type PrometheusProcess, startPrometheus } from '../../devkit/prometheus/prometheus-process.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'
import { operatorParts } from '../../devkit/torhaus/operator-parts.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { AdminServer } from '../../src/process/admin-server.ts'
import { startWorkersLab, until, type WorkersLab } from '../workers/workers-lab.ts'

let lab: WorkersLab
let prometheus: PrometheusProcess
before(async () => {
  lab = await startWorkersLab({}, config => ({
    ...config,
    listener: { ...config.listener, trustedProxies: ['127.0.0.1'] },
  }))
  prometheus = await startPrometheus([lab.adminAddress])
})
after(async () => {
  await prometheus?.stop()
  await lab?.close()
})

const value = async (expression: string) => Number((await prometheus.query(expression))[0]?.value[1])

async function promtool(input: string): Promise<string> {
  const child = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk))
  child.stdin.end(input)
  await once(child, 'close')
  return said
}

test('a Prometheus with the shipped configuration reads each worker, and what was counted', async () => {
  const [name = '', content = ''] = patField.split(': ')
  for (let count = 0; count < 5; count++) await fetch(`${lab.url}/x`, { headers: { [name]: content } })
  await until('Prometheus to have read the requests', async () => (await value('sum(torhaus_requests_total)')) >= 5)
  assert.equal(await value('up'), 1)
  assert.equal(await value('count(torhaus_worker_answering == 1)'), 2)
  assert.equal(await value('torhaus_workers'), 2)
  const [built] = await prometheus.query('torhaus_build_info')
  assert.match(built?.metric.version ?? '', /^\d/)
})

test('no rule fails to evaluate, and no alert fires where all is well', async () => {
  type Group = { rules: { name: string; health: string; state?: string; lastError?: string }[] }
  const rules = async () =>
    ((await prometheus.api('rules')) as { groups: Group[] }).groups.flatMap(group => group.rules)
  await until('all rules to be evaluated', async () => (await rules()).every(({ health }) => health !== 'unknown'))
  const all = await rules()
  assert.ok(all.length > 40)
  assert.deepEqual(
    all.filter(({ health }) => health !== 'ok'),
    [],
  )
  assert.deepEqual(
    all.filter(({ state }) => state === 'firing').map(({ name }) => name),
    [],
  )
})

test('an exemplar leads from a bucket to the request, and to the trace that a trusted peer records', async () => {
  const [name = '', content = ''] = patField.split(': ')
  const trace = randomBytes(16).toString('hex')
  const traceparent = (flags: string) => `00-${trace}-00f067aa0ba902b7-${flags}`
  const ask = async (flags: string) => {
    const headers = { [name]: content, traceparent: traceparent(flags) }
    const answer = await fetch(`${lab.url}/x`, { headers })
    await answer.arrayBuffer()
    return answer.headers.get('X-Request-Id')
  }
  await ask('00')
  const ids = new Set<string | null>()
  const from = Date.now() / 1000 - 60
  type Series = { seriesLabels: Record<string, string>; exemplars: { labels: Record<string, string>; value: string }[] }
  const found = await until('Prometheus to have an exemplar with the trace', async () => {
    ids.add(await ask('01'))
    const query = { query: 'torhaus_request_duration_seconds_bucket', start: `${from}`, end: `${from + 3600}` }
    const series = (await prometheus.api(`query_exemplars?${new URLSearchParams(query)}`)) as Series[]
    return series.flatMap(({ seriesLabels, exemplars }) =>
      exemplars
        .filter(({ labels }) => labels.trace_id === trace)
        .map(({ labels, value: at }) => ({ seriesLabels, labels, at })),
    )[0]
  })
  assert.ok(ids.has(found.labels.request_id ?? ''), 'one of those whose trace is recorded')
  assert.equal(found.seriesLabels.outcome, 'forwarded')
  assert.ok(Number(found.at) <= Number(found.seriesLabels.le))
})

test('promtool finds nothing to say about the metrics', async () => {
  assert.equal(await promtool(await (await fetch(`http://${lab.adminAddress}/metrics`)).text()), '')
})

test('what promtool says about a metric that breaks a convention is heard', async () => {
  assert.match(await promtool('# HELP requests x\n# TYPE requests counter\nrequests 1\n'), /_total/)
})

test('a Prometheus with certificate authority and credential reads an admin listener with TLS', async () => {
  const certificate = await createCertificate('IP:127.0.0.1')
  const credentialFile = join(lab.directory, 'admin-credential')
  await writeFile(credentialFile, 'Zm9yIG9wZXJhdG9ycyBvbmx5\n')
  const admin = new AdminServer({
    monotonic: performance.now.bind(performance),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'torhaus_workers 7\n' }),
    onWrongCredential: () => undefined,
    isAlive: () => true,
    reloads: () => ({ success: 0, failure: 0 }),
    readiness: () => ({ ready: true, parts: {} }),
    operator: operatorParts(undefined, async () => [], Date.now),
  })
  await admin.open({ host: '127.0.0.1', port: 0, hostNames: [], credentialFile, tls: certificate })
  const own = await startPrometheus([`127.0.0.1:${admin.port}`], {
    scheme: 'https',
    tls_config: { ca_file: certificate.certificateFile },
    authorization: { credentials_file: credentialFile },
  })
  try {
    await until('Prometheus to have read it', async () => (await own.query('torhaus_workers == 7')).length === 1)
  } finally {
    await own.stop()
    await admin.close()
    await certificate.remove()
  }
})
