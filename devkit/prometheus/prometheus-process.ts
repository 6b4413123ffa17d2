/** A real Prometheus on loopback, with the configuration and rules of `monitoring/prometheus/`; ended by its pid. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { startServerProcess } from '../realm/server-process.ts'
import { freePort } from '../torhaus/free-port.ts'

const SHIPPED = join(import.meta.dirname, '../../monitoring/prometheus')
const READY_WITHIN_MS = 60_000
const READY_POLL_MS = 100
const ADDRESS = '127.0.0.1'

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  /** Time, and the value as text. */
  readonly value: readonly [number, string]
}

export interface PrometheusProcess {
  readonly url: string
  /** What an instant query answers; rejects, with the words of Prometheus, where it does not understand it. */
  query(expression: string): Promise<readonly Sample[]>
  /** What `/api/v1/NAME` answers. */
  api(name: string): Promise<unknown>
  stop(): Promise<void>
}

interface ScrapeJob {
  static_configs: { targets: string[] }[]
  [name: string]: unknown
}

/**
 * `targets`: `host:port` of admin listeners, in place of the example of the configuration; `scrape`: what a job says
 * more. It asks every second, so that rates are there soon.
 */
export async function startPrometheus(targets: readonly string[], scrape: object = {}): Promise<PrometheusProcess> {
  await using undo = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-prometheus-'))
  undo.defer(() => rm(directory, { recursive: true, force: true }))
  await cp(SHIPPED, directory, { recursive: true })
  const file = join(directory, 'prometheus.yaml')
  const config = parse(await readFile(file, 'utf8')) as { global: object; scrape_configs: ScrapeJob[] }
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  config.scrape_configs = config.scrape_configs.map(job => ({
    ...{ ...job, ...scrape },
    static_configs: [{ targets: [...targets] }],
  }))
  await writeFile(file, stringify(config))
  const port = await freePort()
  const server = await startServerProcess(
    'prometheus',
    [
      ...[`--config.file=${file}`, `--storage.tsdb.path=${join(directory, 'data')}`],
      ...[`--web.listen-address=${ADDRESS}:${port}`, '--enable-feature=exemplar-storage'],
    ],
    { address: ADDRESS, port },
  )
  undo.defer(() => server.stop())
  const url = `http://${ADDRESS}:${port}`
  // It listens before it can answer.
  for (const deadline = performance.now() + READY_WITHIN_MS; !(await fetch(`${url}/-/ready`)).ok; ) {
    if (performance.now() > deadline) throw new Error(`Prometheus is not ready: ${server.output()}`)
    await sleep(READY_POLL_MS)
  }
  const ask = async (path: string) => {
    const answer = (await (await fetch(`${url}${path}`)).json()) as { status: string; error?: string; data: unknown }
    if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error}`)
    return answer.data
  }
  const all = undo.move()
  return {
    url,
    async query(expression) {
      const data = await ask(`/api/v1/query?${new URLSearchParams({ query: expression })}`)
      return (data as { result: Sample[] }).result
    },
    api: name => ask(`/api/v1/${name}`),
    stop: () => all.disposeAsync(),
  }
}
