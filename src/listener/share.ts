/** Whose share of connections, queue and memory a request counts towards. */
export interface Share {
  /** An account, a token, or the address where no more is known. */
  readonly owner: string
  /** It is known who asks; otherwise it may be a stranger. */
  readonly isProven: boolean
}

/**
 * `proven`: it is known who asks. `unproven`: it is not, and the request is here in full. `holding`: it is not, and the
 * client has still to send content, for as long as it likes.
 */
export type Standing = 'proven' | 'unproven' | 'holding'
