/**
 * `npm run bench [-- NAME ...]`: micro-benchmarks, one file per question: how long one call takes, and what it
 * allocates. Times of a shared machine are worth comparing with each other only; allocations are exact enough to
 * compare over time.
 */
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const SUFFIX = '.bench.ts'

// mitata measures allocations when it can collect garbage first; it looks for this at its import.
setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>

const wanted = process.argv.slice(2)
const names = readdirSync(import.meta.dirname)
  .filter(file => file.endsWith(SUFFIX))
  .map(file => file.slice(0, -SUFFIX.length))
  .filter(name => wanted.length === 0 || wanted.includes(name))
if (names.length === 0) throw new Error(`no benchmark is called ${wanted.join(' or ')}`)

const { run } = await import('mitata')
// Each file registers its benchmarks, and may return what is to be undone.
const undo = await Promise.all(
  names.map(async name => ((await import(`./${name}${SUFFIX}`)) as { undo?: () => Promise<void> }).undo),
)
await run({ colors: false })
for (const step of undo) await step?.()
