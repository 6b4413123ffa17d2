/** What is to be done from time to time: uses of tokens are written in one go, what has ended is removed, memory given back. */
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

/** Writes what was seen of tokens, for the last time when `opened` is closed. */
export function startFlushing({ pats, log }: FlushNeeds, opened: AsyncDisposableStack): void {
  const flush = opened.use(new Rounds(FLUSH_INTERVAL_MS, () => pats.flush(), warnOf(log, 'pat-flush')))
  opened.defer(() => flush.run())
}

export interface Sweep {
  /** Removes what has ended from the store. Never rejects: the next round tries again. */
  run(): Promise<void>
  /** Blocked tokens that nobody would recognise, when it was counted last. */
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

/** `connections`: how many there are. */
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
