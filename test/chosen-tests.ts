import { existsSync, globSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { UsageError } from '../devkit/demo/demo-error.ts'

interface Choice {
  /** Files, folders, or patterns, as they were typed; none: every test. */
  readonly names: readonly string[]
  /** Tests that need a package are left out. */
  readonly isUnit: boolean
  needsPackages(file: string): boolean
}

/**
 * The test files to run, by their path from here, with slashes. Never none, for which Node would take every file. Throws
 * UsageError.
 */
export function chosenTests({ names, isUnit, needsPackages }: Choice): string[] {
  const option = names.find(name => name.startsWith('-'))
  if (option !== undefined)
    throw new UsageError(
      `npm test takes names of test files only, not ${option}; for options of Node: npx node --test OPTION FILE`,
    )
  const found = names.length === 0 ? testsBelow('test') : names.flatMap(testsOf)
  const files = [...new Set(found.map(fromHere))].sort()
  const chosen = files.filter(file => !(isUnit && needsPackages(file)))
  if (chosen.length === 0)
    throw new UsageError(`${names.join(' ')}: needs Debian packages, which test:unit leaves out; npm test runs it`)
  return chosen
}

function testsOf(name: string): string[] {
  const isFolder = statSync(name, { throwIfNoEntry: false })?.isDirectory() === true
  const found = isFolder ? testsBelow(name) : existsSync(name) ? [name] : globSync(name)
  if (found.length === 0) throw new UsageError(`There is no test ${isFolder ? 'below' : 'named'} ${name}`)
  return found
}

const testsBelow = (folder: string) => globSync('**/*.test.ts', { cwd: folder }).map(name => join(folder, name))

const fromHere = (file: string) => relative(process.cwd(), resolve(file)).replaceAll(sep, '/')
