/**
 * Our Kerberos over what other implementations are tested with: `npm run vectors -- --from FOLDER`, which holds the
 * repositories `krb5` (MIT), `Kerberos.NET` and `gokrb5`, or some of them; none of it is ours to ship. A JSON line for
 * each suite: how many vectors agreed, those that did not by name, and of which kind each refusal was.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { Krb5Error } from '../../src/kerberos/protocol/krb5-error.ts'
import { UsageError } from '../demo/demo-error.ts'
import { optionValues } from '../demo/option-values.ts'
import { endWith } from '../demo/program.ts'
import { gokrb5Suites } from './vectors-of-gokrb5.ts'
import { kerberosNetSuites } from './vectors-of-kerberos-net.ts'
import { mitSuites } from './vectors-of-mit.ts'

/** Throws where the outcome is another than it should be; what it answers is counted by its text. */
export interface Vector {
  readonly name: string
  run(): unknown
}

export interface Suite {
  readonly name: string
  readonly vectors: readonly Vector[]
}

const REPOSITORIES = { krb5: mitSuites, 'Kerberos.NET': kerberosNetSuites, gokrb5: gokrb5Suites }

let differing = 0

async function run(): Promise<ExitCode> {
  const { from } = optionValues(process.argv.slice(2), { from: { type: 'string' } })
  if (from === undefined)
    throw new UsageError('Where the repositories are is missing: npm run vectors -- --from FOLDER')
  const folders = Object.keys(REPOSITORIES).map(repository => join(from, repository))
  if (!folders.some(folder => existsSync(folder)))
    throw new UsageError(`Nothing is compared, for none of these is there: ${folders.join(', ')}`)
  for (const [repository, suitesOf] of Object.entries(REPOSITORIES)) {
    const folder = join(from, repository)
    if (!existsSync(folder)) {
      console.log(JSON.stringify({ repository, missing: folder }))
      continue
    }
    const files = (pattern: string) => globSync(pattern, { cwd: folder }).sort()
    const read = (file: string) => readFileSync(join(folder, file))
    for (const { name, vectors } of suitesOf(read, files)) await tried(repository, name, vectors)
  }
  return differing === 0 ? exitCode.done : exitCode.failed
}

async function tried(repository: string, suite: string, vectors: readonly Vector[]): Promise<void> {
  const differs: string[] = []
  const outcomes: Record<string, number> = {}
  for (const { name, run } of vectors) {
    try {
      const outcome = String((await run()) ?? 'agrees')
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    } catch (error) {
      const why = error instanceof Krb5Error ? error.code : String(error)
      differs.push(`${name}: ${why}`)
    }
  }
  differing += differs.length
  console.log(JSON.stringify({ repository, suite, vectors: vectors.length, outcomes, differs }))
}

endWith('comparison', run)
