/** Runs `cleanUp` when the process exits; the function returned runs it now instead. */
export function atExit(cleanUp: () => void): () => void {
  process.once('exit', cleanUp)
  return () => {
    process.removeListener('exit', cleanUp)
    cleanUp()
  }
}
