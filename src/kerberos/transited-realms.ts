import type { DirectoryNames } from './canonical-principal.ts'
import { type OpenedTicket, TICKET_FLAG } from './protocol/ticket.ts'

/** DOMAIN-X500-COMPRESS (RFC 4120 3.3.3.2). */
const DOMAIN_X500_COMPRESS = 1

type Way = Pick<OpenedTicket, 'flags' | 'transited' | 'transitedType' | 'clientRealm'>

/**
 * Whether a ticket came through no other realm, or only through acceptable ones: either a KDC of ours says that it
 * checked them (RFC 4120 2.7), or all of them are trusted and are parents of the client's realm or of ours in the
 * hierarchy of names. A KDC of Active Directory need not say so, and people from another domain of the forest come
 * through the domain above both. Nobody from our own realm may come through others: a trusted realm could otherwise
 * vouch for our people.
 */
export function isGoodWay(
  { flags, transited, transitedType, clientRealm }: Way,
  { realm: ours, trustedRealms = [] }: DirectoryNames,
): boolean {
  if (transited.length === 0) return true
  if (clientRealm === ours) return false
  if ((flags & TICKET_FLAG.transitedPolicyChecked) !== 0) return true
  const isAbove = (realm: string) => [clientRealm, ours].some(below => below.endsWith(`.${realm}`))
  const isTrusted = (realm: string) => trustedRealms.some(trusted => trusted.realm === realm)
  return transitedType === DOMAIN_X500_COMPRESS && isEach(transited, realm => isTrusted(realm) && isAbove(realm))
}

/**
 * A name with a dot at its end is continued by the one before. Names of X.500 and realms that are left out (nothing between two
 * commas) stand for themselves, which is nobody's name.
 */
function isEach(encoded: Buffer, isGood: (realm: string) => boolean): boolean {
  let realm = ''
  for (const name of encoded.toString('utf8').split(',')) {
    realm = name.endsWith('.') ? name + realm : name
    if (!isGood(realm)) return false
  }
  return true
}
