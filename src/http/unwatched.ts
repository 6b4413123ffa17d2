/**
 * Whoever opened the window has no hold of it, and no frame shows it (HTML 7.1.3, RFC 7034): nobody reads its address.
 * For answers at addresses with a code that was not spent, and for what leads there: who makes the request too large to
 * be read (with cookies of the same host, say) keeps the code good, and would take it elsewhere.
 */
export const UNWATCHED: readonly string[] = [
  ...['Cross-Origin-Opener-Policy', 'same-origin', 'X-Frame-Options', 'DENY'],
  // Then a page that is left by it finds no address in the history of its window (HTML 7.2.6).
  ...['Referrer-Policy', 'no-referrer'],
]
