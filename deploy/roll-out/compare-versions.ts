/**
 * Precedence of versions (Semantic Versioning 2.0.0, 11): below 0 where `one` is older than `other`. What follows a `+` does
 * not count; 1.0.0-rc.1 comes before 1.0.0.
 */
export function compareVersions(one: string, other: string): number {
  const [[coreOfOne, pre], [coreOfOther, otherPre]] = [partsOf(one), partsOf(other)]
  const difference = compareIdentifiers(coreOfOne, coreOfOther)
  if (difference !== 0 || (pre.length === 0 && otherPre.length === 0)) return difference
  if (pre.length === 0 || otherPre.length === 0) return pre.length === 0 ? 1 : -1
  return compareIdentifiers(pre, otherPre)
}

function partsOf(version: string): [core: string[], pre: string[]] {
  const [precedence = ''] = version.split('+', 1)
  const dash = precedence.indexOf('-')
  if (dash === -1) return [precedence.split('.'), []]
  return [precedence.slice(0, dash).split('.'), precedence.slice(dash + 1).split('.')]
}

/** Numbers by value and before words, words by ASCII; whoever has more of them is later. */
function compareIdentifiers(ones: readonly string[], others: readonly string[]): number {
  for (const [index, one] of ones.entries()) {
    const other = others[index]
    if (other === undefined) return 1
    if (one === other) continue
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)]
    if (isNumber && isOtherNumber) return Number(one) - Number(other)
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    return one < other ? -1 : 1
  }
  return ones.length - others.length
}
