import type { RequestFields } from './request-fields.ts'

/**
 * Whether a page of another origin sent the request. Browsers say so in Origin (Fetch standard 3.1) and Sec-Fetch-Site
 * (Fetch Metadata 2.4), which no page can forge. Other programs send neither, and no page controls them.
 *
 * Gitea's pages hide their origin in every form (`Referrer-Policy: no-referrer` makes it `null`), so Sec-Fetch-Site
 * decides there. Without it, `null` counts as another origin.
 */
export function isForeign({ kept }: RequestFields, isOurs: (origin: string) => boolean): boolean {
  const { origin } = kept
  const site = kept['sec-fetch-site']
  if (origin === 'null') return site !== 'same-origin'
  if (origin !== undefined) return !isOurs(origin)
  return site === 'cross-site' || site === 'same-site'
}

const SAFE = ['GET', 'HEAD', 'OPTIONS']

/** RFC 9110 9.2.1, of what browsers send. */
export const isSafeMethod = (method: string): boolean => SAFE.includes(method)
