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
  const key = Buffer.from(readSecret(fileName).reveal(), 'base64')
  if (key.length !== 32) throw new Error(`the file ${fileName} must hold 32 bytes in base64, and holds ${key.length}`)
  return key
}
