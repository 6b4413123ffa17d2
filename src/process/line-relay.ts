import type { Readable, Writable } from 'node:stream'
import { freeWhenWritten } from '../io/free-when-written.ts'

const NEWLINE = 0x0a

/**
 * Passes on whole lines. Each worker writes its log to a pipe of its own, in blocks; several writing to one pipe would
 * tear each other's lines, since only the first 4 KiB of a write are sure to stay together (pipe(7), PIPE_BUF).
 */
export function relayLines(source: Readable, output: Writable): void {
  let begun: Buffer = Buffer.alloc(0)
  const write = (lines: Buffer) => {
    if (output.write(lines, freeWhenWritten(lines))) return
    source.pause()
    output.once('drain', () => source.resume())
  }
  source.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    const lines = end === 0 ? undefined : joined(begun, chunk.subarray(0, end))
    begun = end === 0 ? joined(begun, chunk) : Buffer.from(chunk.subarray(end))
    freeWhenWritten(chunk)?.()
    if (lines !== undefined) write(lines)
  })
  // What a worker left unfinished when it was killed is a line, too: the next one must not be glued to it.
  source.on('end', () => {
    if (begun.length > 0) write(joined(begun, Buffer.from('\n')))
  })
}

/** In memory of its own, so that it can be given back. */
function joined(one: Buffer, other: Buffer): Buffer {
  const both = Buffer.allocUnsafeSlow(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}
