import type { StoreFinding } from '../store/store-finding.ts'
import type { Finding } from './finding.ts'

/** What the service looks for at its start, too, and logs as `store-check`. */
export const setUpFindings = (found: readonly StoreFinding[], option: string): Finding[] =>
  found.map(({ severity, message, remedy }) => ({
    ...{ what: message, why: 'sessions, sign-outs and blocks of tokens are stored there', remedy, option },
    severity: severity === 'refused' ? 'error' : 'warning',
  }))
