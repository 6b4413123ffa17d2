import type { RequestFields } from './request-fields.ts'

/**
 * Whether a browser is going to show the answer in a window, and the request is not from a script, a frame or a
 * prefetch (Fetch Metadata 2.1, 2.2; Fetch standard, `Sec-Purpose`). No page can forge these fields. Other programs,
 * and browsers from before 2023, do not send them.
 */
export function isTopLevelNavigation({ kept }: RequestFields): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = kept
  if ((mode ?? 'navigate') !== 'navigate' || (destination ?? 'document') !== 'document') return false
  return !/prefetch|prerender/i.test(kept['sec-purpose'] ?? kept.purpose ?? '')
}
