import { KerberosError } from './kerberos-error.ts'
import type { Pointer } from './native.ts'

/** What libgssapi hands out and wants back. */
export type HandleKind = 'name' | 'credential' | 'context'

const open: Record<HandleKind, number> = { name: 0, credential: 0, context: 0 }

/** Handles that were made and not yet given back to libgssapi, in this process. */
export function openHandles(): Readonly<Record<HandleKind, number>> {
  return { ...open }
}

/**
 * One object of libgssapi.
 *
 *   references = 1 (the owner) + leases + calls in flight
 *
 * The owner lets go once, with `dispose`; a call holds a reference from before it is queued until after it returned,
 * because libgssapi would free the memory under it; a lease holds one for a caller between calls. The last reference to
 * go releases the object, exactly once. Afterwards every use throws.
 */
export class Handle implements Disposable {
  readonly kind: HandleKind
  #pointer: Pointer
  readonly #release: (pointer: Pointer) => void
  #references = 1
  #disposed = false

  constructor(kind: HandleKind, pointer: Pointer, release: (pointer: Pointer) => void) {
    this.kind = kind
    this.#pointer = pointer
    this.#release = release
    open[kind]++
  }

  /** True once the owner let go, though leases and calls may still hold it. */
  get disposed(): boolean {
    return this.#disposed
  }

  /** Keeps the object until the lease is disposed. Throws `internal` after the release. */
  lease(): Disposable {
    this.#take()
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (held) this.#drop()
        held = false
      },
    }
  }

  /**
   * Runs a call with the pointer, which stays valid until the call has settled. Throws `internal` after the release.
   */
  async use<T>(call: (pointer: Pointer) => Promise<T> | T): Promise<T> {
    this.#take()
    try {
      return await call(this.#pointer)
    } finally {
      this.#drop()
    }
  }

  /** As `use`, for calls that touch memory alone and return at once. */
  read<T>(call: (pointer: Pointer) => T): T {
    this.#take()
    try {
      return call(this.#pointer)
    } finally {
      this.#drop()
    }
  }

  /** Idempotent. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#drop()
  }

  #take(): void {
    if (this.#references === 0)
      throw new KerberosError('internal', 'name', { text: `${this.kind} used after its release` })
    this.#references++
  }

  #drop(): void {
    this.#references--
    if (this.#references > 0) return
    const pointer = this.#pointer
    this.#pointer = 0n
    open[this.kind]--
    this.#release(pointer)
  }
}
