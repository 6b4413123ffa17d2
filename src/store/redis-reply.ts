/** Checks the types of replies from Redis, whose data may have been written by another version of Torhaus. */
import { causeChain } from '../cause-chain.ts'
import { Fault } from '../errors.ts'
import { hasShape, type Shape } from './record-shape.ts'

/** @throws {Fault} `store-unavailable` if it is not a text. */
export function textOf(reply: unknown): string {
  if (typeof reply === 'string') return reply
  throw malformed('a text')
}

/** A list of texts, with undefined for null. @throws {Fault} `store-unavailable` if it is something else. */
export function textsOf(reply: unknown): (string | undefined)[] {
  if (!Array.isArray(reply)) throw malformed('a list')
  return reply.map(item => (item === null ? undefined : textOf(item)))
}

/** Parses a number. @throws {Fault} `store-unavailable` if it is none: a missing time must not count as 0. */
export function numberOf(text: string | undefined): number {
  const value = Number(text || Number.NaN)
  if (Number.isFinite(value)) return value
  throw malformed('a number')
}

/** The fields of a hash. @throws {Fault} `store-unavailable` if it is something else. */
export function fieldsOf(reply: unknown): Map<string, string> {
  if (typeof reply !== 'object' || reply === null) throw malformed('a hash')
  return new Map(Object.entries(reply).map(([field, value]) => [field, textOf(value)]))
}

/**
 * A record written as JSON by some version of Torhaus. Versions may only add members, and ignore unknown ones.
 * @throws {Fault} `store-unavailable` if it is not a JSON object of that shape.
 */
export function jsonOf<T extends object>(reply: unknown, shape: Shape<T>): T {
  try {
    const value: unknown = JSON.parse(textOf(reply))
    if (hasShape(value, shape)) return value
  } catch (error) {
    throw malformed('a record', error)
  }
  throw malformed('a record')
}

/** Whether the command succeeded. Never rejects. */
export const isTaken = (sent: Promise<unknown>): Promise<boolean> =>
  sent.then(
    () => true,
    () => false,
  )

const malformed = (wanted: string, cause?: unknown) =>
  new Fault('store-unavailable', new Error(`what Redis holds is not ${wanted}`, { cause }))

/** The user may not run that command, or not on that key. */
const NO_PERMISSION = /\bNOPERM\b/
/** Nobody may: the command was removed or renamed (`rename-command`), or the server is not Redis. Also in scripts. */
export const UNKNOWN_COMMAND = /unknown (?:redis )?command/i

/** Whether retrying is pointless. */
export function isNotAllowed(error: unknown): boolean {
  const text = error instanceof Error ? causeChain(error) : ''
  return NO_PERMISSION.test(text) || UNKNOWN_COMMAND.test(text)
}

export const isUnknownCommand = (error: unknown): boolean =>
  error instanceof Error && UNKNOWN_COMMAND.test(causeChain(error))
