/** The code of a confirmation link: what a refused client shows, and a person opens. */
import { randomBytes } from 'node:crypto'

/**
 * No vowels, so no words; no 0, 1, 8, 9, so no doubt when it is read out. 40 bits are enough: a code alone opens
 * nothing.
 */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ234567'
const LENGTH = 8

export function newConfirmationCode(): string {
  let code = ''
  // 26 letters out of 256 values would favour the first ones; values past the last full round are thrown away.
  while (code.length < LENGTH) {
    for (const value of randomBytes(2 * LENGTH)) {
      if (value < 234 && code.length < LENGTH) code += ALPHABET[value % ALPHABET.length]
    }
  }
  return code
}

/** As people read it: `BCDF-GHJK`. */
export const formatConfirmationCode = (code: string) => `${code.slice(0, 4)}-${code.slice(4)}`

/** In whatever case, and with or without the dash. */
export const parseConfirmationCode = (text: string) => text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
