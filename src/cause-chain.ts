/**
 * Messages and codes of an error and its causes, at most five in all: what is behind a fault. Nothing else of them, so
 * that no object is printed whole.
 */
export function causeChain(error: Error): string {
  const parts: string[] = []
  for (let at: unknown = error; at instanceof Error && parts.length < 5; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code
    parts.push(code === undefined || at.message.includes(code) ? at.message : `${at.message} (${code})`)
  }
  return parts.join(' <- ')
}
