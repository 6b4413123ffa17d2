/** What comes out of a pipe or a device that was named as a file: `<(sops --decrypt ...)` is one. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Whoever asks for it stands still meanwhile, and hears of no signal: Ctrl-C would end nothing. */
const WAIT_MS = 10_000
const POLL_MS = 20
const PIECE_BYTES = 65_536

/** Up to the end of it, or somewhat more than `maxBytes`. Throws, in words, where nobody writes. */
export function readPipe(fileName: string, maxBytes: number, waitMs = WAIT_MS): Buffer {
  // To open one that nobody writes to would wait for ever (fifo(7)).
  const descriptor = openSync(fileName, constants.O_RDONLY | constants.O_NONBLOCK)
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    const isPipe = fstatSync(descriptor).isFIFO()
    for (let waitedMs = 0; bytes <= maxBytes; ) {
      const piece = readPiece(descriptor)
      if (piece !== undefined && piece.length > 0) {
        pieces.push(piece)
        bytes += piece.length
        continue
      }
      if (piece !== undefined && (bytes > 0 || !isPipe)) break
      // Whoever is to write to it may not have opened it yet.
      if (waitedMs >= waitMs) throw new Error('is a pipe that nothing writes to: name a file')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS)
      waitedMs += POLL_MS
    }
  } finally {
    closeSync(descriptor)
  }
  return Buffer.concat(pieces)
}

/** Undefined where more will come. */
function readPiece(descriptor: number): Buffer | undefined {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  try {
    return piece.subarray(0, readSync(descriptor, piece))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}
