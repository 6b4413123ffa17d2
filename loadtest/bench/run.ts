/**
 * `npm run bench [-- NAME ...]`: micro-benchmarks, one file per question: how long one call takes, and what it
 * allocates. Times of a shared machine are worth comparing with each other only; allocations are exact enough to
 * compare over time.
 */
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { exitCode } from '../../src/exit-codes.ts'

const SUFFIX = '.bench.ts'

// mitata measures allocations when it can collect garbage first; it looks for this at its import.
setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>

const wanted = process.argv.slice(2)
const all = readdirSync(import.meta.dirname)
  .filter(file => file.endsWith(SUFFIX))
  .map(file => file.slice(0, -SUFFIX.length))
const unknown = wanted.find(name => !all.includes(name))
if (unknown !== undefined) {
  process.stderr.write(`No benchmark is called ${unknown}: there are ${all.join(', ')}\n`)
  process.exit(exitCode.usage)
}
const names = wanted.length === 0 ? all : wanted

const { run } = await import('mitata')
// Each file registers its benchmarks, and may return what is to be undone.
const undo = await Promise.all(
  names.map(async name => ((await import(`./${name}${SUFFIX}`)) as { undo?: () => Promise<void> }).undo),
)
await run({ colors: false })
for (const step of undo) await step?.()
