/** Records on their way to a store: by rsyslog as it is shipped, through a rotation, and searched where a store is. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { savedSearches } from '../../devkit/elastic/saved-searches.ts'
import { startServerProcess } from '../../devkit/realm/server-process.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { startWorkersLab, until, type WorkersLab } from '../workers/workers-lab.ts'
import { startBulkReceiver } from './bulk-receiver.ts'
import { startRsyslog } from './rsyslog.ts'
import { startTraffic } from './traffic.ts'

const run = promisify(execFile)
const STORE = 'victoria-logs'
const STORE_SOURCE = 'github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v1.52.1'

const hasStore = await run('which', [STORE]).then(
  () => true,
  () => false,
)

let lab: WorkersLab
let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-shipping-'))
  lab = await startWorkersLab({}, config => ({ ...config, logging: { auditFile: 'audit.log' } }), 'file')
  const traffic = await startTraffic(lab)
  const has = (scheme: string) => lab.lines().some(line => line.includes(`"torhaus.scheme":"${scheme}"`))
  await until('requests of all kinds to be logged', () => ['session', 'pat', 'basic', 'ntlm'].every(has))
  await traffic.stop()
})
after(async () => {
  await lab?.close()
  await rm(directory, { recursive: true, force: true })
})

const records = async () => [
  ...lab.lines(),
  ...(await readFile(join(lab.directory, 'audit.log'), 'utf8')).split('\n').filter(Boolean),
]

test('rsyslog brings each record to the bulk API as it was written, through a rotation as well', async () => {
  const receiver = await startBulkReceiver()
  const logs = join(directory, 'logs')
  await mkdir(logs)
  const file = join(logs, 'torhaus.log')
  const lines = lab.lines()
  const half = Math.floor(lines.length / 2)
  await writeFile(file, '')
  const rsyslog = await startRsyslog(directory, logs, receiver.url)
  try {
    const append = (part: readonly string[]) => writeFile(file, part.map(line => `${line}\n`).join(''), { flag: 'a' })
    await append(lines.slice(0, half))
    await until('the first half', () => receiver.given.length >= half)
    // copytruncate, as monitoring/elastic/logrotate.conf has it.
    await copyFile(file, `${file}.1`)
    await truncate(file)
    await append(lines.slice(half))
    await until('all of them', () => receiver.given.length >= lines.length)
  } finally {
    await rsyslog.stop()
    await receiver.close()
  }
  assert.deepEqual(
    receiver.given.map(({ document }) => JSON.stringify(document)).sort(),
    lines.map(line => JSON.stringify(JSON.parse(line))).sort(),
  )
  for (const { action, index } of receiver.given) assert.deepEqual([action, index], ['create', 'logs-torhaus-default'])
})

test('each saved search finds something in a store that speaks the bulk API', {
  skip: hasStore ? false : `${STORE} is not installed: go install ${STORE_SOURCE}`,
}, async () => {
  const port = await freePort()
  const store = await startServerProcess(
    STORE,
    [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${join(directory, 'store')}`],
    { address: '127.0.0.1', port },
  )
  try {
    const url = `http://127.0.0.1:${port}`
    const all = await records()
    const fields = '_time_field=@timestamp&_stream_fields=service.name&_msg_field=message'
    const bulk = all.map(line => `{"create":{}}\n${line}\n`).join('')
    const answer = await fetch(`${url}/insert/elasticsearch/_bulk?${fields}`, { method: 'POST', body: bulk })
    assert.equal(((await answer.json()) as { errors: boolean }).errors, false)
    const found = async (query: string) => {
      const response = await fetch(`${url}/select/logsql/query`, {
        method: 'POST',
        body: new URLSearchParams({ query }),
      })
      assert.equal(response.status, 200, await response.clone().text())
      return (await response.text()).split('\n').filter(Boolean).length
    }
    await until('all records to be found', async () => (await found('*')) === all.length)
    const finds = await Promise.all(
      savedSearches.map(async ({ id, query }) => [id, await found(query.replace(/([\w.]+) : /g, '"$1":='))] as const),
    )
    assert.deepEqual(
      finds.filter(([, count]) => count === 0).map(([id]) => id),
      [],
    )
  } finally {
    await store.stop()
  }
})
