/** Whose share of connections, queue and memory a request counts towards. */
export interface Share {
  /** An account, a token, or the address where no more is known. */
  readonly owner: string
  /** Whether it is known who sent the request; otherwise it may be a stranger. */
  readonly isProven: boolean
}

/**
 * `proven`: it is known who sent the request. `unproven`: it is not, and the request is complete. `holding`: it is
 * not, and the client still has content to send, for as long as it likes.
 */
export type Standing = 'proven' | 'unproven' | 'holding'
