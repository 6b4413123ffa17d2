/** The code of a confirmation link: what a refused client shows, and a person opens. */
import { randomBytes } from 'node:crypto'

/**
 * No vowels, so no words; no 0, 1, 8 or 9, so that it can be read out without doubt. Almost 38 bits are enough, because
 * a code alone opens nothing.
 */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ234567'
const LENGTH = 8

export function newConfirmationCode(): string {
  let code = ''
  // 256 is no multiple of 26, so values from 9 * 26 on are discarded: the first characters would be more likely.
  while (code.length < LENGTH) {
    for (const value of randomBytes(2 * LENGTH)) {
      if (value < 234 && code.length < LENGTH) code += ALPHABET[value % ALPHABET.length]
    }
  }
  return code
}

/** As people read it: `BCDF-GHJK`. */
export const formatConfirmationCode = (code: string) => `${code.slice(0, 4)}-${code.slice(4)}`

/** In any letter case; everything but letters and digits, such as the dash, is ignored. */
export const parseConfirmationCode = (text: string) => text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
