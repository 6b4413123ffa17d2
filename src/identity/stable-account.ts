/**
 * Whether an account stays what it is on its way: whatever the pattern allows, control characters have no place in a
 * field (RFC 9110 5.5), half a surrogate pair becomes a replacement character in UTF-8, and what has a compatibility
 * equivalent, or is not in NFC, becomes the account of somebody else where a server normalises (RFC 8264 9.17, RFC 8265
 * 3.3).
 */
export const isStable = (account: string): boolean =>
  account !== '' && account.trim() === account && account.normalize('NFKC') === account && !UNSEEN.test(account)

/** Control, format, surrogate and private-use characters, line and paragraph separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u
