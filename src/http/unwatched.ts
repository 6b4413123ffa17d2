/**
 * Fields that cut the connection between a window and the page that opened it, and forbid frames (HTML 7.1.3, RFC
 * 7034), so that no page can read its address. For answers at addresses that contain an unused code, and for what leads
 * there: an attacker who makes the request too large (for example with cookies of the same host) keeps the code valid,
 * and could use it elsewhere.
 */
export const UNWATCHED: readonly string[] = [
  ...['Cross-Origin-Opener-Policy', 'same-origin', 'X-Frame-Options', 'DENY'],
  // Then a page that is left by it finds no address in the history of its window (HTML 7.2.6).
  ...['Referrer-Policy', 'no-referrer'],
]
