import type { Report } from './diagnostic.ts'
import type { Config } from './schema.ts'

/** The last piece of what is kept may be as long as one that a socket gives. */
const MAX_PIECE_BYTES = 65_536

export function checkShares({ shares }: Pick<Config, 'shares'>, report: Report): void {
  // Nobody gets more than what is left for others.
  const leastBytes = 2 * shares.unprovenBufferBytes + MAX_PIECE_BYTES
  if (shares.unprovenBufferTotalBytes < leastBytes)
    report(
      'shares.unprovenBufferTotalBytes',
      `must be at least ${leastBytes} with unprovenBufferBytes ${shares.unprovenBufferBytes}: one client gets at most half, and longer content would be refused (503)`,
    )
}
