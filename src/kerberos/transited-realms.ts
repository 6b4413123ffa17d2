import type { DirectoryNames } from './canonical-principal.ts'
import { type OpenedTicket, TICKET_FLAG } from './protocol/ticket.ts'

/** DOMAIN-X500-COMPRESS (RFC 4120 3.3.3.2). */
const DOMAIN_X500_COMPRESS = 1

type Way = Pick<OpenedTicket, 'flags' | 'transited' | 'transitedType' | 'clientRealm'>

/**
 * Whether a ticket came through no other realm, or only through acceptable ones: either a KDC of ours states that it
 * checked them (TRANSITED-POLICY-CHECKED, RFC 4120 2.7), or all of them are configured as trusted and are above the
 * client's realm or ours in the hierarchy of names. KDCs of Active Directory need not set that flag, and people
 * from another domain of the forest come through the domain above both. For clients of our own realm no other realm is
 * acceptable: a trusted realm could otherwise vouch for our people.
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
 * A name that ends with a dot continues with the realm before it. X.500 names and omitted realms (nothing between two
 * commas) are not expanded; as no realm has such a name, they are not good.
 */
function isEach(encoded: Buffer, isGood: (realm: string) => boolean): boolean {
  let realm = ''
  for (const name of encoded.toString('utf8').split(',')) {
    realm = name.endsWith('.') ? name + realm : name
    if (!isGood(realm)) return false
  }
  return true
}
