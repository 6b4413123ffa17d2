import { createHash } from 'node:crypto'

/** The version of the stored format. Another version uses another set of keys. */
const VERSION = 1

/** What every name of ours begins with. */
export const startOfNames = (prefix: string): string => `${prefix}:${VERSION}:`

/**
 * Names of keys, as docs/redis.md lists them: `<prefix>:1:<kind>:{<tag>}`. What stands in braces chooses the hash slot
 * of a cluster; keys that are used together have the same.
 */
export class RedisNames {
  readonly #start: string

  constructor(prefix: string) {
    this.#start = startOfNames(prefix)
  }

  get channel(): string {
    return `${this.#start}changes`
  }

  /** Written from time to time, to see whether that works. */
  get probe(): string {
    return `${this.#start}probe:{probe}`
  }

  /** What all keys of that kind begin with. */
  startOf(kind: string): string {
    return `${this.#start}${kind}:`
  }

  /** The tag of a key of that kind; undefined: it is of another. */
  tagIn(kind: string, name: string): string | undefined {
    const start = `${this.startOf(kind)}{`
    return name.startsWith(start) ? name.slice(start.length, -1) : undefined
  }

  /** `tag` must be free of braces: what `hashTag` or `plainTag` returns. */
  key(kind: string, tag: string): string {
    return `${this.#start}${kind}:{${tag}}`
  }
}

/** For what is safe in a name as we write it, and may come from a form: only what can be ours stands there as it is. */
export const plainTag = (text: string): string => (/^[\w-]{1,64}$/.test(text) ? text : hashTag(text))

/** A name that says nothing and can hold any text, such as an account, in 22 letters of base64url (128 bits). */
export const hashTag = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22)
