/** What must fit together about personal access tokens. */
import type { Report } from './diagnostic.ts'
import { checkRanges } from './range-rules.ts'
import type { Config } from './schema.ts'

export function checkPatProof({ credentials }: Config, report: Report): void {
  const { patProof, personalAccessTokens } = credentials
  if (patProof !== undefined && !personalAccessTokens.includes(patProof.profile))
    report(
      'credentials.patProof.profile',
      'must also be in credentials.personalAccessTokens, or its tokens are not recognised',
    )
}

/** Only the server says who the owner is. */
export function checkPatConfirmation({ credentials }: Config, report: Report): void {
  const { patProof, patPolicy } = credentials
  const { confirm, confirmExceptFrom, refuseNewNetwork, reportOnly } = patPolicy
  const [option, exceptions] = ['credentials.patPolicy.confirm', 'credentials.patPolicy.confirmExceptFrom']
  checkRanges(exceptions, confirmExceptFrom, report)
  if (confirm === 'never') {
    if (confirmExceptFrom.length > 0)
      report(exceptions, 'needs confirm: first-use or new-network, because otherwise nothing has to be confirmed')
    return
  }
  if (patProof === undefined || patProof.off)
    report(
      option,
      'needs credentials.patProof without off, because only the server knows who owns a token. Add it, or set confirm to never',
    )
  else if (patProof.reportOnly && !reportOnly)
    report(
      option,
      'needs credentials.patProof without reportOnly: a token that is not proven has no known owner who could confirm it',
    )
  if (refuseNewNetwork)
    report(
      'credentials.patPolicy.refuseNewNetwork',
      'must be false with confirm, because a refused token cannot be confirmed',
    )
}
