/** How far clocks may differ where nothing else is said, in milliseconds (RFC 4120 8.2). */
export const CLOCK_SKEW_MS = 300_000
