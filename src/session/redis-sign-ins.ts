import type { Clock } from '../clock.ts'
import { hasShape, isNumber, isText, isTexts, oneOf, orAbsent, type Shape } from '../store/record-shape.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, type RedisNames } from '../store/redis-names.ts'
import { jsonOf, textOf, textsOf } from '../store/redis-reply.ts'
import { PUSH_TO_LIST } from './redis-session-scripts.ts'
import { type Intent, MAX_SIGN_INS, type SignInRecord } from './session-store.ts'

const INTENT: Shape<Intent> = {
  ...{ kind: oneOf('confirm', 'allow-pat', 'confirm-pat'), object: isText, accountKey: isText, begunAtMs: isNumber },
}

const SHAPE: Shape<SignInRecord & { v: number }> = {
  ...{ v: isNumber, state: isText, browserKey: isText, nonce: isText, codeVerifier: isText, returnTo: isText },
  ...{ maxAgeSeconds: isNumber, acrValues: isTexts, expiresAtMs: isNumber },
  intent: orAbsent(value => hasShape(value, INTENT)),
}

/**
 * Sign-ins in flight. Two lists, one per browser and one of all, keep their order of creation. They are written first,
 * so that no sign-in escapes the bounds.
 */
export class RedisSignIns {
  readonly #link: RedisConnection
  readonly #names: RedisNames
  readonly #now: Clock

  constructor(link: RedisConnection, names: RedisNames, now: Clock) {
    this.#link = link
    this.#names = names
    this.#now = now
  }

  async add(record: SignInRecord, maxPerBrowser: number): Promise<void> {
    const tag = hashTag(record.state)
    const lifetimeMs = Math.max(1, record.expiresAtMs - this.#now())
    const push = async (list: string, most: number) =>
      textsOf(await this.#link.run(PUSH_TO_LIST, [list], tag, most, lifetimeMs))
    const [ofBrowser, ofAll] = await Promise.all([
      push(this.#browser(record.browserKey), maxPerBrowser),
      push(this.#names.key('sign-ins', 'all'), MAX_SIGN_INS),
    ])
    const name = this.#name(tag)
    await this.#link.call(name, 'SET', name, JSON.stringify({ v: 1, ...record }), 'PX', String(lifetimeMs))
    await Promise.all(
      [...ofBrowser, ...ofAll].map(other => {
        const dropped = this.#name(textOf(other))
        return this.#link.call(dropped, 'DEL', dropped)
      }),
    )
  }

  async take(state: string): Promise<SignInRecord | undefined> {
    const tag = hashTag(state)
    const name = this.#name(tag)
    const reply = await this.#link.call(name, 'GETDEL', name)
    if (reply === null) return undefined
    const { v: _, ...record } = jsonOf<SignInRecord & { v: number }>(reply, SHAPE)
    const browser = this.#browser(record.browserKey)
    // A leftover entry only makes another sign-in of this browser be dropped early.
    await this.#link.call(browser, 'LREM', browser, '1', tag).catch(() => undefined)
    return record
  }

  #name(tag: string): string {
    return this.#names.key('sign-in', tag)
  }

  #browser(browserKey: string): string {
    return this.#names.key('sign-ins-of', hashTag(browserKey))
  }
}
