import type { Delegated } from '../exchange.ts'
import { unquoted } from '../http/quoted-string.ts'
import type { ResponseFields } from '../http/response-fields.ts'
import { type ChallengeSettings, challengeFields } from './challenge.ts'

const BASIC = /(^|,)\s{0,8}basic\b/i

/** The fields of a 401 of the server for this client; Torhaus' challenges replace those that it must not see. */
export function relayedChallenge(
  settings: ChallengeSettings,
  exchange: Delegated,
  { fields, hasChallenge }: ResponseFields,
): string[] {
  const left = isSignedIn(exchange) ? withoutBasic(fields) : fields
  const isLeft = left.length === fields.length ? hasChallenge : left.some(isChallenge)
  return isLeft ? left : [...left, ...challengeFields(settings, exchange)]
}

/** A browser answers Basic with its own password dialog, over the page of somebody who is signed in. */
const isSignedIn = ({ clientClass, credentials }: Delegated) =>
  clientClass === 'browser' && credentials.scheme === 'session'

const withoutBasic = (fields: readonly string[]): string[] =>
  fields.filter((_, index) => {
    const at = index - (index % 2)
    return !isChallenge(fields[at] as string, at) || !BASIC.test(unquoted(fields[at + 1] as string))
  })

const isChallenge = (text: string, index: number) => index % 2 === 0 && text.toLowerCase() === 'www-authenticate'
