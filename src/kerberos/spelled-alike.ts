import { type CanonicalPrincipal, partsOfPrincipal } from './canonical-principal.ts'

/** Letters that Windows sorts as others (MS-UCODEREF), and that have no decomposition in Unicode. */
const SORTED_AS: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th', ø: 'o', đ: 'd', ð: 'd', ħ: 'h', ł: 'l', ı: 'i', ŋ: 'n', ŧ: 't' },
}
const SORTED = new RegExp(`[${Object.keys(SORTED_AS).join('')}]`, 'gu')

/** From a katakana to the hiragana of the same sound. */
const KANA_DISTANCE = 0x60

/**
 * One text for all spellings by which Active Directory may find the same account. It compares names without diacritics,
 * letter case and kind of kana (MS-ADTS 6.5.1), so that `bjorn`, `björn` and `bjørn` are the same account; it ignores
 * letters that its tables do not have, and finds a machine without its $. In other directories, different accounts may
 * share this text. Use it only for counting, never to identify a person.
 */
export function spelledAlike(principal: CanonicalPrincipal): string {
  const { account, realm } = partsOfPrincipal(principal)
  const bare = account
    .normalize('NFD')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(SORTED, letter => SORTED_AS[letter] ?? letter)
    .replaceAll(/[\u30a1-\u30f6]/g, kana => String.fromCharCode(kana.charCodeAt(0) - KANA_DISTANCE))
    .replace(/\$$/, '')
  // Of a name in Latin letters whatever else stands between: otherwise there were as many spellings as letters.
  const skeleton = /[a-z]/.test(bare) ? bare.replaceAll(/[^ -~]+/g, '') : bare
  return `${skeleton}@${realm}`
}
