/**
 * How a file to which several processes write records ends. On a full disk, this process or another one may write half
 * a record; the next record must not continue in that line.
 */
import { open, stat } from 'node:fs/promises'

const LINE_FEED = 0x0a
const NEW_LINE = Buffer.from('\n')

/**
 * What to write of `records`, whose first `written` octets were, after the write of the rest has failed: it goes on where it
 * was torn only if nobody else has written since. `descriptor` is to write to.
 */
export async function afterFailure(descriptor: number, records: Buffer, written: number): Promise<Buffer> {
  const begun = written === 0 ? 0 : records.lastIndexOf(LINE_FEED, written - 1) + 1
  const half = records.subarray(begun, written)
  const end = await endOf(descriptor, Math.max(half.length, 1))
  if (end === 'no file' || (half.length > 0 && end?.equals(half))) return records.subarray(written)
  const isInLine = end === undefined || (end.at(-1) ?? LINE_FEED) !== LINE_FEED
  return isInLine ? Buffer.concat([NEW_LINE, records.subarray(begun)]) : records.subarray(begun)
}

/** Its last octets; undefined where nobody can say. */
async function endOf(descriptor: number, length: number): Promise<Buffer | 'no file' | undefined> {
  try {
    // Opened once more, to read: Linux has it under this name, also where the file itself was moved.
    const name = `/proc/self/fd/${descriptor}`
    if (!(await stat(name)).isFile()) return 'no file'
    await using file = await open(name, 'r')
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(length),
      position: Math.max(0, size - length),
    })
    return buffer.subarray(0, bytesRead)
  } catch {
    return undefined
  }
}
