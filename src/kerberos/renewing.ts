import { KerberosError } from './kerberos-error.ts'

/** When a credential is renewed, and when it must no longer be used. */
export type Validity = {
  readonly renewAtMs: number
  /** From then on a caller waits for the renewal, which may say that the old value counts no more; default: never. */
  readonly provenUntilMs?: number
  readonly expiresAtMs: number
}

/**
 * A ticket that expires during a request makes that request fail. So renewal starts `marginMs` before the end (in the
 * last quarter of a short-lived ticket), and the ticket is not used in the last twentieth of its life, a minute at
 * most.
 */
export function validity(lifetimeSeconds: number, nowMs: number, marginMs: number): Validity {
  const lifetimeMs = lifetimeSeconds * 1000
  return {
    renewAtMs: nowMs + lifetimeMs - Math.min(marginMs, lifetimeMs / 4),
    expiresAtMs: nowMs + lifetimeMs - Math.min(60_000, lifetimeMs / 20),
  }
}

export type RenewingOptions<T extends Disposable> = {
  /**
   * Gets a new value and hands it to `store`. May reject early (a caller's timeout) and store later all the same.
   */
  readonly acquire: (store: (value: T, validity: Validity) => void) => Promise<void>
  readonly now: () => number
  /** Also tells how long a value has been held, in case the other clock is set back; default: `now`. */
  readonly monotonic?: () => number
  /** Says of a failed renewal that the old value must not be used any more; default: it is used until it ends. */
  readonly isFinal?: (error: unknown) => boolean
  /** After a failed renewal, how long the old value is used before the next try. Default 30,000. */
  readonly retryPauseMs?: number
}

/** One value that is kept fresh. */
export type Renewing<T extends Disposable> = Disposable & {
  /**
   * The value, acquired or renewed as needed; concurrent callers share one acquisition. A value whose renewal is due is
   * returned at once and renewed in the background; past `provenUntilMs`, it is returned after the renewal or its
   * failure, which delays callers by one try per `retryPauseMs`. Throws what `acquire` throws, and
   * `credentials-expired` once disposed of.
   */
  current(): Promise<T>
  /** The value; undefined if there is none, or its renewal is due. */
  fresh(): T | undefined
  /** The value, even if its renewal is due; undefined if there is none or it has expired. Never requests one. */
  held(): T | undefined
  /**
   * Lets go of a value that turned out not to work; the next `current` gets a new one. Does nothing once that was
   * replaced.
   */
  invalidate(value: T): void
}

// The code for which callers get a new one.
const released = (): KerberosError => new KerberosError('credentials-expired', 's4u2self', { text: 'released' })

type Held<T> = Validity & {
  readonly value: T
  /** By both clocks. */
  readonly sinceMs: number
  readonly sinceMonotonicMs: number
}

export function createRenewing<T extends Disposable>(options: RenewingOptions<T>): Renewing<T> {
  const { acquire, now, monotonic = now, isFinal = () => false, retryPauseMs = 30_000 } = options
  let held: Held<T> | undefined
  let pending: Promise<void> | undefined
  let retryAtMs = 0
  let closed = false

  const store = (value: T, times: Validity): void => {
    const previous = held
    held = { ...times, value, sinceMs: now(), sinceMonotonicMs: monotonic() }
    previous?.value[Symbol.dispose]()
    if (closed) drop()
  }
  /** Whichever clock says so first: one may be set back, the other may stand still while the machine sleeps. */
  const isPast = (atMs: number, { sinceMs, sinceMonotonicMs }: Held<T>): boolean =>
    now() >= atMs || monotonic() - sinceMonotonicMs >= atMs - sinceMs
  const drop = (): void => {
    held?.value[Symbol.dispose]()
    held = undefined
  }
  const renew = (): Promise<void> => {
    pending ??= acquire(store).finally(() => {
      pending = undefined
    })
    return pending
  }
  /** Does nothing within `retryPauseMs` of a failed try. Rejects if the old value must not be used any more. */
  const renewOld = async (): Promise<void> => {
    if (pending === undefined) {
      if (monotonic() < retryAtMs) return
      retryAtMs = monotonic() + retryPauseMs
    }
    try {
      await renew()
      retryAtMs = 0
    } catch (error) {
      // Otherwise the old value still serves; if this goes on until it ends, the caller of that moment gets the error.
      if (!isFinal(error)) return
      drop()
      throw error
    }
  }

  return {
    async current() {
      if (closed) throw released()
      if (held !== undefined && !isPast(held.expiresAtMs, held)) {
        const { value, renewAtMs, provenUntilMs = Number.POSITIVE_INFINITY } = held
        if (!isPast(renewAtMs, held)) return value
        const isUnproven = isPast(provenUntilMs, held)
        const renewal = renewOld()
        if (isUnproven) await renewal
        else {
          renewal.catch(() => undefined)
          return value
        }
      } else await renew()
      if (held === undefined) throw released()
      return held.value
    },
    fresh: () => (!closed && held !== undefined && !isPast(held.renewAtMs, held) ? held.value : undefined),
    held: () => (held !== undefined && !isPast(held.expiresAtMs, held) ? held.value : undefined),
    invalidate(value) {
      if (held?.value === value) drop()
    },
    [Symbol.dispose]() {
      closed = true
      drop()
    },
  }
}
