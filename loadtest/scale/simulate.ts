/**
 * What many processes ask of one Redis, and are told by it, counted with the code that runs in them: the caches of
 * sessions, tokens, their confirmations and grants, and the channel. Redis, time and people are made up: stores that
 * count, a clock that is moved, people who ask evenly. No figure here is a time.
 */
import { RedisChanges } from '../../src/store/redis-changes.ts'
import { type Asked, CountedStore, KINDS, type Kind, type Tally, TOKENS_EACH } from './counted-store.ts'
import { NOTED_EVERY_MS, SimulatedProcess, STEP_MS } from './simulated-process.ts'

export interface Company {
  readonly people: number
  readonly instances: number
  readonly workersEach: number
  /** Of each person: a third with a session, one with an access token, one with a personal access token. */
  readonly requestsPerSecond: number
  /** Workers that one person meets: as many as connections are kept, at most; a balancer may send to any. */
  readonly workersPerPerson: number
}

export interface Counted {
  readonly requestsPerSecond: number
  /** Commands of Redis per request, and which: those of people, and of processes whoever asks them. */
  readonly commandsPerRequest: number
  readonly commandsPerSecond: Readonly<Record<Kind, number>>
  /** What Redis tells processes of keys that changed, and heartbeats that it passes on. */
  readonly invalidationsPerSecond: number
  readonly heartbeatsPerSecond: number
  /** Asked of the OP, for sessions that are in use. */
  readonly refreshesPerSecond: number
  /** Access tokens that a process had not verified before: a signature each. */
  readonly verificationsPerSecond: number
  /** Sessions that the fullest worker keeps. */
  readonly keptByWorker: number
}

const REFRESHED_EVERY_MS = 600_000
/** An access token lives for so long; the next one is another. */
const BEARER_LIFE_MS = 3_600_000

/** Counts over `seconds`, after as long a time that is not counted. `part`: of how many people these are one. */
export async function simulate(company: Company, seconds: number, part = 1): Promise<Counted> {
  const { people, instances, workersEach, requestsPerSecond, workersPerPerson } = company
  const workers = instances * workersEach
  const clock = { ms: 0 }
  const tally: Tally = Object.fromEntries(KINDS.map(kind => [kind, 0])) as Tally
  const store = new CountedStore(tally, part)
  const processes = Array.from({ length: workers }, () => new SimulatedProcess(store, clock))
  const channels = processes.map(({ changes }) => new RedisChanges(changes, noop, noop))
  const counts = { requests: 0, heartbeats: 0, refreshes: 0, verifications: 0 }
  const [lastNotedMs, lastRefreshedMs] = [new Float64Array(people), new Float64Array(people)]
  const verified = Array.from({ length: workers }, () => new Map<number, number>())
  /** By a number that looks random, and is the same in each run. */
  let state = 1
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  /** One of those that the person meets; always the same ones. */
  const workerOf = (person: number) => {
    if (workersPerPerson >= workers) return random(workers)
    const mixed = Math.imul(person * 64 + random(workersPerPerson), 2_654_435_769) >>> 0
    return Math.floor((mixed / 2 ** 32) * workers)
  }
  const bySession = (person: number, process: SimulatedProcess) => {
    process.bySession(person)
    // By the record that each process has read: whoever is first, for the others are told.
    if (clock.ms - (lastNotedMs[person] ?? 0) > NOTED_EVERY_MS) {
      lastNotedMs[person] = clock.ms
      store.touch(person)
    }
    if (clock.ms - (lastRefreshedMs[person] ?? 0) > REFRESHED_EVERY_MS) {
      lastRefreshedMs[person] = clock.ms
      counts.refreshes++
      store.refresh(person)
    }
  }
  const byBearer = (person: number, worker: number) => {
    const issuedAt = Math.floor((clock.ms + (person * BEARER_LIFE_MS) / people) / BEARER_LIFE_MS)
    if (verified[worker]?.get(person) === issuedAt) return
    verified[worker]?.set(person, issuedAt)
    counts.verifications++
  }
  const ask = (person: number) => {
    const worker = workerOf(person)
    const process = processes[worker]
    if (process === undefined) return
    counts.requests++
    const asked = ASKED[random(ASKED.length)]
    if (asked === 'session') bySession(person, process)
    else if (asked === 'bearer') byBearer(person, worker)
    else process.byToken(person * TOKENS_EACH + random(TOKENS_EACH))
  }
  const step = async () => {
    clock.ms += STEP_MS
    const asking = Math.round((people * requestsPerSecond * STEP_MS) / 1000)
    for (let request = 0; request < asking; request++) ask(random(people))
    for (const process of processes) await process.step()
    const changed = store.takeChanged()
    for (const process of processes) process.hear(changed)
    if (clock.ms % 1000 === 0) beat()
  }
  const beat = () => {
    const beats = channels.flatMap(channel => channel.heartbeat() ?? [])
    counts.heartbeats += beats.length * workers
    // What nobody publishes is a PING.
    tally.processes += workers
    for (const channel of channels) for (const text of beats) channel.receive(text)
  }
  // Not all were noted at the same moment.
  for (let person = 0; person < people; person++) {
    lastNotedMs[person] = -random(NOTED_EVERY_MS)
    lastRefreshedMs[person] = -random(REFRESHED_EVERY_MS)
  }
  const run = async () => {
    for (let steps = 0; steps < (seconds * 1000) / STEP_MS; steps++) await step()
  }
  await run()
  Object.assign(counts, { requests: 0, heartbeats: 0, refreshes: 0, verifications: 0 })
  Object.assign(tally, Object.fromEntries(KINDS.map(kind => [kind, 0])))
  store.told = 0
  await run()
  const each = (count: number) => count / seconds
  const commandsPerSecond = Object.fromEntries(
    // What a process does whoever asks it, it does however many people there are.
    KINDS.map(kind => [kind, each(tally[kind]) * (OF_PEOPLE.has(kind) ? part : 1)]),
  ) as Record<Kind, number>
  const all = Object.values(commandsPerSecond).reduce((sum, count) => sum + count, 0)
  const requests = each(counts.requests) * part
  return {
    requestsPerSecond: requests,
    commandsPerRequest: all / requests,
    commandsPerSecond,
    // Redis tells every process of every change: it does not know who has read what.
    invalidationsPerSecond: each(store.told) * workers * part,
    heartbeatsPerSecond: each(counts.heartbeats),
    refreshesPerSecond: each(counts.refreshes) * part,
    verificationsPerSecond: each(counts.verifications) * part,
    keptByWorker: Math.max(...processes.map(({ kept }) => kept.size)) * part,
  }
}

const ASKED: readonly Asked[] = ['session', 'bearer', 'token']
const OF_PEOPLE: ReadonlySet<Kind> = new Set<Kind>(['sessions', 'tokens', 'confirmations', 'grants', 'refreshes'])
const noop = () => undefined
