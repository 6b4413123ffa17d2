/**
 * Letter case of A to Z and nothing else. Full Unicode folding joins names of different people: the lower case of the
 * Kelvin sign is k, the upper case of dotless i is I.
 */
export const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, letters => letters.toLowerCase())

export const asciiUpper = (text: string): string => text.replace(/[a-z]+/g, letters => letters.toUpperCase())

/** As the option `account.case` names them. */
export function inLetterCase(text: string, letterCase: 'keep' | 'lower' | 'upper'): string {
  if (letterCase === 'keep') return text
  return letterCase === 'lower' ? asciiLower(text) : asciiUpper(text)
}
