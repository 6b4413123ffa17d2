import type { Traced } from '../exchange.ts'

/**
 * Link previews and mail scanners send HEAD for links they find (RFC 9110 9.3.2). It must not use up anything one-time
 * or end anything; it only gets the redirect, as far as that is known without spending the code.
 */
export const isHead = ({ request }: Traced): boolean => request.method === 'HEAD'
