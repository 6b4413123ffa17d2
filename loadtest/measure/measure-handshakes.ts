/** Per round: full handshakes at each, then resumed ones. The first round warms up and does not count. */
import { type Handshakes, openEach } from '../generators/handshakes.ts'
import type { HandshakeScenario } from '../scenario.ts'
import { account, cpuOf } from './account.ts'
import type { Contender } from './contender-load.ts'
import type { Each, Setting } from './setting.ts'

export async function measureHandshakes(scenario: HandshakeScenario, setting: Setting, each: Each): Promise<void> {
  const { durations } = setting
  for (let round = 0; round <= durations.rounds; round++) {
    for (const isResumed of [false, true]) {
      const kind = isResumed ? 'resumed' : 'full'
      await each(`${kind} ${round}/${durations.rounds}`, async (contender, into) => {
        const open = await prepare(scenario, contender, setting, isResumed)
        let latenciesMs: readonly number[] = []
        const turn = await account(setting, contender.subject, async () => {
          const opened = await open()
          latenciesMs = opened.latenciesMs
          for (const problem of opened.problems) setting.tell(`${kind}: ${contender.subject.name} ${problem}`)
          return opened
        })
        if (round === 0) into.errors += turn.errors
        else if (isResumed) into.resumedTurns.push(turn)
        else {
          into.turns.push(turn)
          for (const latencyMs of latenciesMs) into.latenciesMs.push(latencyMs)
        }
        return `${Math.round(turn.requests / turn.durationS)}/s${cpuOf(turn, 'connection')}`
      })
    }
  }
}

/** Sessions are fetched before what is accounted for. */
async function prepare(
  { count, concurrency, request }: HandshakeScenario,
  { subject, credentials: [credentials], population }: Contender,
  { tls, durations, signal }: Setting,
  isResumed: boolean,
): Promise<() => Promise<Handshakes>> {
  if (tls === undefined || credentials === undefined) throw new Error('handshakes need TLS and a user')
  const order = {
    ...{ port: subject.port, ca: tls.ca, concurrency, lists: population?.lists },
    requests: [population?.anyones(request(credentials)) ?? request(credentials)],
    count: Math.round(count * durations.handshakeShare),
  }
  if (!isResumed) return () => openEach({ ...order, sessions: undefined }, signal)
  const { sessions } = await openEach({ ...order, count: concurrency, sessions: undefined }, signal)
  if (sessions.length < concurrency) throw new Error(`${subject.name} gives no sessions to resume`)
  return () => openEach({ ...order, sessions }, signal)
}
