/**
 * `--contents`: 1 GB up and 1 GB down with TLS on both sides, by 64 clients at a time, slow and quick, everything that can
 * become of content mixed (devkit/contents). Is every octet as it was sent, and what is not given back?
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startContentsOrigin } from '../../devkit/contents/contents-origin.ts'
import { playContents } from '../../devkit/contents/play-contents.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { openLaboratory } from '../lab/laboratory.ts'
import { usageOf } from '../lab/process-usage.ts'
import { torhaus } from '../lab/torhaus.ts'
import { rounded } from '../results/rounded.ts'
import type { Run } from '../run-context.ts'
import type { Subject } from '../subject.ts'
import type { ContentsResult, ContentsRound } from './contents-result.ts'

const CLIENTS = 64
const EXCHANGES_EACH = 2
const BYTES = 4 << 20
const ROUNDS = 4
const SHORT_BYTES = 1 << 18
const PATIENCE_MS = 30_000
const HELD = ['torhaus_client_connections', 'torhaus_pipelined_requests', 'torhaus_upstream_queued_requests']

export async function runContents({ short, signal, tell }: Run): Promise<ContentsResult> {
  const bytes = short ? SHORT_BYTES : BYTES
  await using laboratory = await openLaboratory({ tls: 'both' })
  const { origin, tls } = laboratory
  if (tls === undefined) throw new Error('contents need TLS')
  const [cert, key] = [readFileSync(tls.certificateFile, 'utf8'), readFileSync(tls.privateKeyFile, 'utf8')]
  await using contentsOrigin = await startContentsOrigin({ cert, key })
  const subject = await laboratory.start(surroundings => {
    const { port, pid } = origin
    const tlsPort = Number(new URL(contentsOrigin.url).port)
    const inItsPlace = { port, pid, tlsPort, counts: () => origin.counts(), stop: () => origin.stop() }
    return torhaus('assertion')({ ...surroundings, origin: inItsPlace })
  })
  const rounds: ContentsRound[] = []
  const mistakes: string[] = []
  for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
    const startMs = performance.now()
    const played = await playContents({
      ...{ port: subject.port, ca: tls.ca, host: `Host: 127.0.0.1:${subject.port}`, credentials: [patField] },
      ...{ clients: CLIENTS, exchangesEach: EXCHANGES_EACH, bytes, firstStream: round * CLIENTS * EXCHANGES_EACH },
    })
    const seconds = rounded((performance.now() - startMs) / 1000)
    mistakes.push(...played.mistakes, ...(await heldInTheEnd(subject)))
    const sample = { exchanges: played.exchanges, seconds, ...(await memoryOf(subject)) }
    rounds.push(sample)
    tell(
      Object.entries(sample)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    )
    subject.server?.forgetOutput()
  }
  signal.throwIfAborted()
  mistakes.push(...contentsOrigin.mistakes)
  const megabytes = Math.round((ROUNDS * CLIENTS * EXCHANGES_EACH * bytes) / 1e6)
  return {
    kind: 'contents',
    description: `${megabytes} MB in contents of ${bytes} octets up and down, TLS on both sides, ${CLIENTS} clients at a time, of which two thirds are slow; with aborts of both sides, early answers, pipelining, 100 Continue and both framings.`,
    ...{ rounds, mistakes },
  }
}

async function metricsOf({ adminPort }: Subject): Promise<(name: string) => number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  return name =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    )
}

/** The connections to the server that wait for the next request are held for nobody. */
async function heldInTheEnd(subject: Subject): Promise<string[]> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const value = await metricsOf(subject)
    const busy = value('torhaus_upstream_connections') - value('torhaus_upstream_idle_connections')
    const held = [...HELD.map(name => [name, value(name)] as const), ['busy connections to the server', busy] as const]
    const left = held.filter(([, count]) => count !== 0).map(([name, count]) => `${count} ${name} in the end`)
    if (left.length === 0 || performance.now() > deadline) return left
    await sleep(100)
  }
}

async function memoryOf(subject: Subject) {
  if (subject.server === undefined) throw new Error('contents are those of a process')
  const value = await metricsOf(subject)
  return {
    residentMb: rounded(usageOf(subject.server.pid).residentBytes / 1e6),
    heapMb: rounded(value('nodejs_heap_size_used_bytes') / 1e6),
    externalMb: rounded(value('nodejs_external_memory_bytes') / 1e6),
  }
}
