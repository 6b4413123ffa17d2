/**
 * What is undone when this process ends, however abruptly: by a second Ctrl-C, or by an error that nobody caught. The latest
 * goes first, so that programs have ended before their folder is removed.
 */
const cleanUps = new Set<() => void>()

process.once('exit', () => {
  for (const cleanUp of [...cleanUps].reverse())
    try {
      cleanUp()
    } catch (error) {
      // The others are undone all the same.
      process.stderr.write(`${(error as Error).message}\n`)
    }
})

/** Runs `cleanUp` when the process exits; the function returned runs it now instead. */
export function atExit(cleanUp: () => void): () => void {
  const own = () => cleanUp()
  cleanUps.add(own)
  return () => {
    cleanUps.delete(own)
    cleanUp()
  }
}
