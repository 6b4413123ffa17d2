import { inspect } from 'node:util'
import { fileKind, wrongFile } from './file-kind.ts'
import { bytesIn } from './files-read.ts'

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

/** Reads a secret from its file; one line end at the end is not part of it. `read`: where it is to be as it is now. */
export function readSecret(fileName: string, read: (fileName: string) => Buffer = bytesIn): Secret {
  const bytes = read(fileName)
  const problem = secretProblem(bytes)
  if (problem !== undefined) throw new Error(`the file ${fileName} ${problem}`)
  return new Secret(withoutLineEnd(bytes))
}

const withoutLineEnd = (bytes: Buffer) => bytes.toString().replace(/\r?\n$/, '')

const SECRET_MUST = 'must contain only the secret, on one line'

/** Why that is no secret, in words that do not show it. */
function secretProblem(bytes: Buffer): string | undefined {
  if (withoutLineEnd(bytes) === '') return wrongFile('empty', SECRET_MUST)
  const kind = fileKind(bytes)
  return kind === 'utf-16' || kind === 'marked' || kind === 'binary' ? wrongFile(kind, SECRET_MUST) : undefined
}

/** As `secretProblem`, of a password or another secret that people copy: with a second line it is never right. */
export function oneLineProblem(bytes: Buffer): string | undefined {
  const problem = secretProblem(bytes)
  if (problem !== undefined || !/[\r\n]/.test(withoutLineEnd(bytes))) return problem
  const kind = fileKind(bytes)
  return kind === 'text' ? `contains more than one line, but ${SECRET_MUST}` : wrongFile(kind, SECRET_MUST)
}

/** Reads a 256-bit key in base64 (`openssl rand -base64 32`). */
export function readKey(fileName: string): Buffer {
  const bytes = bytesIn(fileName)
  const problem = keyFileProblem(bytes)
  if (problem !== undefined) throw new Error(`the file ${fileName} ${problem}`)
  return Buffer.from(bytes.toString().trim(), 'base64')
}

const MUST = 'must contain 32 random bytes in base64, as `openssl rand -base64 32` prints them'

/** As `keyProblem`, of a file. */
export function keyFileProblem(bytes: Buffer): string | undefined {
  const kind = fileKind(bytes)
  return kind === 'text' || kind === 'marked' ? keyProblem(bytes.toString()) : wrongFile(kind, MUST)
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
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(line) || line.length % 4 !== 0) return `${MUST}, but contains something else`
  const key = Buffer.from(line, 'base64')
  if (key.length !== KEY_BYTES) return `must contain ${KEY_BYTES} bytes in base64, but contains ${key.length}`
  const first = (key[1] ?? 0) - (key[0] ?? 0)
  const isSequence = key.every((byte, at) => at === 0 || ((byte - (key[at - 1] ?? 0) - first) & 0xff) === 0)
  if (isSequence || new Set(key).size < MIN_DISTINCT_BYTES)
    return 'must contain random bytes, but contains a repetition or a sequence'
  if (key.every(byte => byte >= 0x20 && byte < 0x7f))
    return 'must contain random bytes, but contains text: a passphrase is not a key'
  return undefined
}
