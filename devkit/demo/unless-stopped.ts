/**
 * What `work` resolves to, or rejects with why it was stopped as soon as `stop` is aborted: what `work` waits for may have been
 * ended by the same signal, and never come. What it has started until then is left to `atExit`.
 */
export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  stop.throwIfAborted()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const end = () => reject(stop.reason)
  stop.addEventListener('abort', end)
  try {
    return await Promise.race([work, stopped])
  } finally {
    stop.removeEventListener('abort', end)
  }
}
