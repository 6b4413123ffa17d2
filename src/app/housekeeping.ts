/** Periodic work: writes uses of tokens in batches, removes what has expired, returns memory to the system. */
import { causeChain } from '../cause-chain.ts'
import type { Surroundings } from '../clock.ts'
import { toFault } from '../errors.ts'
import { FLUSH_INTERVAL_MS } from '../pats/pat-register.ts'
import { givesBack } from './give-back.ts'
import type { Services } from './open-services.ts'
import { Rounds } from './rounds.ts'
import { settledClock } from './settled-clock.ts'

const SWEEP_INTERVAL_MS = 60_000
const GIVE_BACK_INTERVAL_MS = 5000

type FlushNeeds = Pick<Services, 'log' | 'pats'>
type SweepNeeds = Pick<
  Services,
  'fingerprints' | 'grants' | 'log' | 'now' | 'patConfirmations' | 'pats' | 'sessions' | 'stores'
> &
  Pick<Surroundings, 'monotonic'>

/** Writes recorded uses of tokens periodically, and once more when `opened` is closed. */
export function startFlushing({ pats, log }: FlushNeeds, opened: AsyncDisposableStack): void {
  const flush = opened.use(new Rounds(FLUSH_INTERVAL_MS, () => pats.flush(), warnOf(log, 'pat-flush')))
  opened.defer(() => flush.run())
}

export interface Sweep {
  /** Removes what has expired from the store. Never rejects: the next round retries. */
  run(): Promise<void>
  /** Number of blocked tokens whose fingerprints no current key can produce, as of the last round. */
  unrecognisedPats(): number
}

export function startSweeping(needs: SweepNeeds, opened: AsyncDisposableStack): Sweep {
  const { sessions, grants, pats, patConfirmations, stores, fingerprints, log } = needs
  const settledNow = settledClock(needs)
  let unrecognised = 0
  const sweep = async () => {
    const nowMs = settledNow()
    await sessions.sweep(nowMs)
    await grants.sweep(nowMs)
    await pats.sweep(nowMs)
    await patConfirmations.sweep(nowMs)
    await stores.attempts.sweepAttempts(nowMs)
    unrecognised = await pats.countUnrecognised(fingerprint => fingerprints.isRecognisable(fingerprint))
  }
  const rounds = opened.use(new Rounds(SWEEP_INTERVAL_MS, sweep, warnOf(log, 'sweep')))
  return { run: () => rounds.run(), unrecognisedPats: () => unrecognised }
}

/** `connections`: the current number of connections. */
export function startGivingBack(
  { log }: Pick<Services, 'log'>,
  connections: () => number,
  opened: AsyncDisposableStack,
): void {
  const look = givesBack()
  opened.use(new Rounds(GIVE_BACK_INTERVAL_MS, () => look(connections()), warnOf(log, 'give-back')))
}

const warnOf = (log: Services['log'], action: string) => (error: unknown) =>
  log.warn({ 'event.action': action, 'error.message': causeChain(toFault(error)) })
