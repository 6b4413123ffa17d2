import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'

/** A value that prints as `[redacted]` wherever it is printed; only `reveal()` gives it away. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [inspect.custom](): string {
    return '[redacted]'
  }
}

/** Reads a secret from its file; one line end at the end is not part of it. */
export function readSecret(fileName: string): Secret {
  const value = readFileSync(fileName, 'utf8').replace(/\r?\n$/, '')
  if (value === '') throw new Error(`the file ${fileName} is empty`)
  return new Secret(value)
}

/** Reads a 256-bit key in base64 (`openssl rand -base64 32`). */
export function readKey(fileName: string): Buffer {
  const text = readFileSync(fileName, 'utf8')
  const problem = keyProblem(text)
  if (problem !== undefined) throw new Error(`the file ${fileName} ${problem}`)
  return Buffer.from(text.trim(), 'base64')
}

const KEY_BYTES = 32
/** Of 32 random bytes about 30 differ; that fewer than 20 do does not happen to anybody. */
const MIN_DISTINCT_BYTES = 20

/**
 * Why that is no key, in words that do not show it: `must hold ...`. What was made up by a person is guessed by
 * another.
 */
export function keyProblem(text: string): string | undefined {
  const line = text.trim()
  // Node reads past whatever is not base64.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(line) || line.length % 4 !== 0)
    return 'must hold 32 random bytes in base64, as `openssl rand -base64 32` prints them, and holds something else'
  const key = Buffer.from(line, 'base64')
  if (key.length !== KEY_BYTES) return `must hold ${KEY_BYTES} bytes in base64, and holds ${key.length}`
  const first = (key[1] ?? 0) - (key[0] ?? 0)
  const isSequence = key.every((byte, at) => at === 0 || ((byte - (key[at - 1] ?? 0) - first) & 0xff) === 0)
  if (isSequence || new Set(key).size < MIN_DISTINCT_BYTES)
    return 'must hold random bytes, and holds the same ones again and again, or one after the other'
  if (key.every(byte => byte >= 0x20 && byte < 0x7f))
    return 'must hold random bytes, and holds a text: a passphrase is no key'
  return undefined
}
