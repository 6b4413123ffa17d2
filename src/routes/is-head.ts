import type { Traced } from '../exchange.ts'

/**
 * Link previews and scanners of mail ask so about links that they find (RFC 9110 9.3.2). What only one request gets, or
 * ends something, is for who opens the link: this one is told where it leads, as far as that shows without spending it.
 */
export const isHead = ({ request }: Traced): boolean => request.method === 'HEAD'
