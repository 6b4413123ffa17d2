/**
 * To be called when `bytes` were written: frees their memory. Left to the garbage collector, memory outside the heap
 * would make it look through the whole heap again and again, which costs more than the forwarding. Undefined where the
 * memory is too small to matter, or others share it.
 */
export function freeWhenWritten({ length, buffer }: Buffer): (() => void) | undefined {
  const isWorthIt = length >= 16_384 && length === buffer.byteLength && buffer instanceof ArrayBuffer
  return isWorthIt ? () => void buffer.transfer(0) : undefined
}
