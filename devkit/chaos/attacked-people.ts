/**
 * `npm run chaos -- --faults connections [--json]`: one attack after the other, with people at work. Each is borne in
 * several rounds, between which people work for as long beside idle attackers, who take as much of the processor. A
 * round in which people wait beside those as well says what else the machine does, and nothing about the attack: there
 * is another one. With `--json` standard output gets
 * `{"requests","failed","faults":[{"name","requests","failed","recoveredMs","leaked","p99Ratio","memoryMb","rounds","reasons"}]}`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionAttack } from '../attack/connection-attack.ts'
import { startAttack, startIdleAttackers } from './attack-process.ts'
import { connectionFaults } from './connection-faults.ts'
import { type ConnectionTarget, startConnectionTarget } from './connection-target.ts'
import { p99, runPeople, type Sample } from './people.ts'

/** Rounds that count, and most that are tried for them. */
const ROUNDS = 3
const MAX_ROUNDS = 6
/** Each round, with the attack and without. */
const ROUND_MS = 2500
const WARM_UP_MS = 1500
const SETTLE_MS = 12_000
/** Longer than idle connections to the server are kept here. */
const QUIET_MS = 1500
const POLL_MS = 100
/** A person who waits longer is not served. */
const SERVED_WITHIN_MS = 1000
/** Where people wait longer without an attack, the machine does too much else. */
const CALM_MS = 50
/** Times below it are those of the scheduler of a small machine, not of the proxy. */
const NOTABLE_MS = 20

const LIMITS = { recoveredMs: 2000, leaked: 0, p99Ratio: 3, memoryMb: 400 }

interface FaultResult {
  readonly name: string
  readonly requests: number
  readonly failed: number
  /** From the start of the attack to the last person who was not served. */
  readonly recoveredMs: number
  /** Descriptors of the workers that stayed open. */
  readonly leaked: number
  /** 99 in 100 people waited no longer than so many times the time beside idle attackers; the median of the rounds. */
  readonly p99Ratio: number
  readonly memoryMb: number
  /** Of a calm machine, which count; where there are none, all do. */
  readonly rounds: number
  /** Why requests failed, and how often. */
  readonly reasons: Readonly<Record<string, number>>
}

/** Whether all of them were borne. */
export async function attackPeople(isJson: boolean, tell: (line: string) => void): Promise<boolean> {
  const results: FaultResult[] = []
  for (const isTls of [false, true]) {
    const target = await startConnectionTarget(isTls)
    try {
      await measured(target, WARM_UP_MS)
      for (const fault of connectionFaults.filter(one => (one.isForTls === true) === isTls)) {
        tell(fault.name)
        results.push(await bear(fault, target))
      }
    } finally {
      await target.close()
    }
  }
  const why = (reasons: FaultResult['reasons']) =>
    Object.entries(reasons).map(([reason, times]) => `${times} x ${reason}`)
  const rows = results.map(
    ({ name, reasons, ...one }) => `| ${name} | ${Object.values(one).join(' | ')} | ${why(reasons).join('; ')} |`,
  )
  const table = isJson ? process.stderr : process.stdout
  table.write(`
| Attack | requests | failed | recovered, ms | leaked | p99, times | memory, MB | rounds | why |
|---|---:|---:|---:|---:|---:|---:|---:|---|
${rows.join('\n')}
`)
  const sum = (member: 'requests' | 'failed') => results.reduce((total, one) => total + one[member], 0)
  if (isJson)
    process.stdout.write(`${JSON.stringify({ requests: sum('requests'), failed: sum('failed'), faults: results })}\n`)
  return results.every(isBorne)
}

const isBorne = ({ recoveredMs, leaked, p99Ratio, memoryMb }: FaultResult) =>
  recoveredMs <= LIMITS.recoveredMs &&
  leaked <= LIMITS.leaked &&
  p99Ratio <= LIMITS.p99Ratio &&
  memoryMb <= LIMITS.memoryMb

interface Round {
  readonly attacked: readonly Sample[]
  readonly unservedForMs: number
  readonly p99Ratio: number
  readonly memoryMb: number
  readonly isCalm: boolean
}

async function bear(fault: ConnectionAttack, target: ConnectionTarget): Promise<FaultResult> {
  const opened = await settled(target, 0)
  const all: Round[] = []
  const calm = () => all.filter(({ isCalm }) => isCalm)
  while (calm().length < ROUNDS && all.length < MAX_ROUNDS) all.push(await bearOnce(fault, target))
  const rounds = calm().length === 0 ? all : calm()
  const samples = rounds.flatMap(({ attacked }) => attacked)
  return {
    name: fault.name,
    requests: samples.length,
    failed: samples.filter(({ failure }) => failure !== undefined).length,
    recoveredMs: Math.max(...rounds.map(({ unservedForMs }) => unservedForMs)),
    leaked: Math.max(0, (await settled(target, opened)) - opened),
    p99Ratio: median(rounds.map(({ p99Ratio }) => p99Ratio)),
    memoryMb: Math.max(...all.map(({ memoryMb }) => memoryMb)),
    rounds: calm().length,
    reasons: countOf(samples.flatMap(({ failure }) => failure ?? [])),
  }
}

function countOf(reasons: readonly string[]): Record<string, number> {
  return Object.fromEntries([...new Set(reasons)].map(one => [one, reasons.filter(reason => reason === one).length]))
}

async function bearOnce(fault: ConnectionAttack, target: ConnectionTarget): Promise<Round> {
  const begunAtMs = performance.now()
  const attack = await startAttack(fault.name, { port: target.port })
  const attacked = await measured(target, ROUND_MS)
  const memoryMb = target.memoryMb()
  const processorPart = await attack.stop()
  const unserved = attacked.filter(({ failure, tookMs }) => failure !== undefined || tookMs > SERVED_WITHIN_MS)
  const idle = await startIdleAttackers(processorPart)
  const usual = await measured(target, ROUND_MS)
  await idle.stop()
  return {
    ...{ attacked, memoryMb, isCalm: p99(usual) <= CALM_MS },
    unservedForMs: Math.round(Math.max(0, ...unserved.map(({ endedAtMs }) => endedAtMs - begunAtMs))),
    p99Ratio: Math.round((Math.max(NOTABLE_MS, p99(attacked)) / Math.max(NOTABLE_MS, p99(usual))) * 10) / 10,
  }
}

const median = (values: readonly number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0

/** People at work for a while. */
async function measured(target: ConnectionTarget, forMs: number): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  const signal = AbortSignal.timeout(forMs)
  await runPeople(target.people, samples, signal)
  return samples
}

/** Descriptors once they have fallen to `wanted`, or fall no more. */
async function settled(target: ConnectionTarget, wanted: number): Promise<number> {
  const deadline = performance.now() + (wanted === 0 ? QUIET_MS : SETTLE_MS)
  let least = target.descriptors()
  while (least > wanted && performance.now() < deadline) {
    await sleep(POLL_MS)
    least = Math.min(least, target.descriptors())
  }
  return least
}
