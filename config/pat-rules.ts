/** What must fit together about personal access tokens. */
import type { Report } from './diagnostic.ts'
import { checkRanges } from './range-rules.ts'
import type { Config } from './schema.ts'

export function checkPatProof({ credentials }: Config, report: Report): void {
  const { patProof, personalAccessTokens } = credentials
  if (patProof !== undefined && !personalAccessTokens.includes(patProof.profile))
    report('credentials.patProof.profile', 'must be in credentials.personalAccessTokens: no other token is recognised')
}

/** Only the server says who the owner is. */
export function checkPatConfirmation({ credentials }: Config, report: Report): void {
  const { patProof, patPolicy } = credentials
  const { confirm, confirmExceptFrom, refuseNewNetwork, reportOnly } = patPolicy
  const [option, exceptions] = ['credentials.patPolicy.confirm', 'credentials.patPolicy.confirmExceptFrom']
  checkRanges(exceptions, confirmExceptFrom, report)
  if (confirm === 'never') {
    if (confirmExceptFrom.length > 0) report(exceptions, 'needs confirm first-use or new-network: nobody is asked now')
    return
  }
  if (patProof === undefined || patProof.off)
    report(option, 'needs credentials.patProof, and not off: nobody else says whose a token is. Add it, or set never')
  else if (patProof.reportOnly && !reportOnly)
    report(option, 'needs credentials.patProof without reportOnly: what is not proven has no owner who could confirm')
  if (refuseNewNetwork)
    report('credentials.patPolicy.refuseNewNetwork', 'must be false with confirm: what is refused is not asked about')
}
