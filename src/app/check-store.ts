/** Checks, at the start and periodically, that the store is set up so that no data is lost. */
import { causeChain } from '../cause-chain.ts'
import { toFault } from '../errors.ts'
import type { StoreFinding } from '../store/store-finding.ts'
import type { Services } from './open-services.ts'
import { Rounds } from './rounds.ts'

const CHECK_INTERVAL_MS = 60_000

/** Rejects, with a message for the operator, if Torhaus cannot work with the store; not if it is unavailable. */
export async function checkStore(
  { stores, log }: Pick<Services, 'log' | 'stores'>,
  opened: AsyncDisposableStack,
): Promise<void> {
  let known = new Set<string>()
  const look = async (): Promise<readonly StoreFinding[]> => {
    const findings = await stores.findings()
    for (const { code, severity, message, remedy } of findings)
      if (!known.has(message))
        log[severity === 'unknown' ? 'info' : 'warn']({
          'event.action': 'store-check',
          ...{ 'torhaus.finding': code, 'error.message': message, 'torhaus.remedy': remedy },
        })
    // A finding that disappears is reported again if it returns.
    known = new Set(findings.map(({ message }) => message))
    return findings
  }
  const found = await look().catch((): readonly StoreFinding[] => [])
  const refused = found.find(({ severity }) => severity === 'refused')
  if (refused !== undefined) throw new Error(`${refused.message}: ${refused.remedy}`)
  const failed = (error: unknown) => {
    // Unavailability is reported elsewhere.
    const fault = toFault(error)
    if (fault.code !== 'store-unavailable')
      log.warn({ 'event.action': 'store-check', 'error.message': causeChain(fault) })
  }
  opened.use(new Rounds(CHECK_INTERVAL_MS, look, failed))
}
