import type { Readable, Writable } from 'node:stream'
import { freeWhenWritten } from '../io/free-when-written.ts'

const NEWLINE = 0x0a

/**
 * Relays whole lines. Each worker writes its log to a pipe of its own, in blocks; several writers to one pipe would
 * split each other's lines, because only writes of up to 4 KiB are atomic (pipe(7), PIPE_BUF).
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
  // An unfinished line of a killed worker gets a line feed, so that the next line is not appended to it.
  source.on('end', () => {
    if (begun.length > 0) write(joined(begun, Buffer.from('\n')))
  })
}

/** Not from the buffer pool, so that the memory can be returned. */
function joined(one: Buffer, other: Buffer): Buffer {
  const both = Buffer.allocUnsafeSlow(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}
