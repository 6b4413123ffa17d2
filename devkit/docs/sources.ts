/** The sources that are shipped, and what each imports: for the rules of the architecture, and for their picture. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export interface Import {
  /** A path from the root of the repository, or the name of a package. */
  readonly target: string
  readonly isTypeOnly: boolean
}

export interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

const ROOT = join(import.meta.dirname, '../..')

const STATEMENT =
  /^(?:import|export)\b(?<only> type\b)?[^'";]*?\bfrom '(?<from>[^']+)'|^import '(?<effect>[^']+)'|\bimport\('(?<lazy>[^']+)'\)/gm

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(({ groups = {} }) => {
    const specifier = groups.from ?? groups.effect ?? groups.lazy ?? ''
    const target = specifier.startsWith('.') ? relative(ROOT, join(ROOT, dirname(path), specifier)) : specifier
    return { target, isTypeOnly: groups.only !== undefined }
  })
}

export const sources: readonly Source[] = globSync('{src,middleware,config}/**/*.ts', { cwd: ROOT })
  .sort()
  .map(path => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return { path, text, imports: importsOf(path, text) }
  })
