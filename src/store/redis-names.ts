import { createHash } from 'node:crypto'

/** The version of the stored format. Another version uses another set of keys. */
const VERSION = 1

/** The prefix of all names of keys. */
export const startOfNames = (prefix: string): string => `${prefix}:${VERSION}:`

/**
 * Names of keys, as listed in docs/redis.md: `<prefix>:1:<kind>:{<tag>}`. The tag in braces selects the hash slot of a
 * cluster; keys used together have the same tag.
 */
export class RedisNames {
  readonly #start: string

  constructor(prefix: string) {
    this.#start = startOfNames(prefix)
  }

  get channel(): string {
    return `${this.#start}changes`
  }

  /** Written periodically to test whether writing works. */
  get probe(): string {
    return `${this.#start}probe:{probe}`
  }

  /** The prefix of all keys of that kind. */
  startOf(kind: string): string {
    return `${this.#start}${kind}:`
  }

  /** The tag of a key of that kind; undefined: another kind. */
  tagIn(kind: string, name: string): string | undefined {
    const start = `${this.startOf(kind)}{`
    return name.startsWith(start) ? name.slice(start.length, -1) : undefined
  }

  /** `tag` must be free of braces: what `hashTag` or `plainTag` returns. */
  key(kind: string, tag: string): string {
    return `${this.#start}${kind}:{${tag}}`
  }
}

/** For ids that may come from a form: those in the form Torhaus generates are used unchanged, others are hashed. */
export const plainTag = (text: string): string => (/^[\w-]{1,64}$/.test(text) ? text : hashTag(text))

/** An opaque tag for any text, such as an account: 22 characters of base64url (128 bits). */
export const hashTag = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22)
