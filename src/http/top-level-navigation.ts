import type { RequestFields } from './request-fields.ts'

/**
 * Whether a browser wants to show the answer in a window: not to a script, not in a frame, not ahead of time (Fetch
 * Metadata 2.1, 2.2; Fetch standard, `Sec-Purpose`). No page can write these fields. Other programs, and browsers from
 * before 2023, do not say.
 */
export function isTopLevelNavigation({ kept }: RequestFields): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = kept
  if ((mode ?? 'navigate') !== 'navigate' || (destination ?? 'document') !== 'document') return false
  return !/prefetch|prerender/i.test(kept['sec-purpose'] ?? kept.purpose ?? '')
}
