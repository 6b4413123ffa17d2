import type { IncomingMessage } from 'node:http'

/**
 * Reads the content of a request ahead and puts it back, so that the next reader gets every byte. Undefined if it is
 * longer than allowed or not complete in time; what had arrived is put back as well.
 */
export function peekContent(
  message: IncomingMessage,
  { maxBytes, timeoutMs }: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const chunks: Buffer[] = []
  let bytes = 0
  const finish = (isWhole: boolean) => {
    clearTimeout(timer)
    message.off('readable', take).off('close', giveUp)
    const content = Buffer.concat(chunks)
    // In the turn in which the last of it was read: after that the stream would say that it has ended.
    if (bytes > 0 && !message.destroyed) message.unshift(content)
    resolve(isWhole ? content : undefined)
  }
  const take = () => {
    while (message.readableLength > 0 && bytes <= maxBytes) {
      const chunk = message.read() as Buffer
      bytes += chunk.length
      chunks.push(chunk)
    }
    if (bytes > maxBytes) finish(false)
    else if (message.complete) finish(true)
  }
  const giveUp = () => finish(false)
  const timer = setTimeout(giveUp, timeoutMs).unref()
  message.on('readable', take).on('close', giveUp)
  return promise
}
