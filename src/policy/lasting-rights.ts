/**
 * Requests that create lasting credentials, from the lists in `lasting-rights/`. A grant does not cover them, and a
 * personal access token cannot create tokens, SSH keys or OAuth applications: otherwise, having one of these for an
 * hour would give access for years.
 */
import type { Config } from '../../config/schema.ts'
import type { Authenticated } from '../exchange.ts'
import { azureDevOps } from './lasting-rights/azure-devops.ts'
import { bitbucket } from './lasting-rights/bitbucket.ts'
import { gitea } from './lasting-rights/gitea.ts'
import { gitlab } from './lasting-rights/gitlab.ts'
import { CREDENTIALS, type LastingRight, type ProductRights } from './lasting-rights/lasting-right.ts'

type Product = Config['secondFactor']['lastingRights']['products'][number]

const LISTS: Readonly<Record<Product, ProductRights>> = {
  'azure-devops': azureDevOps,
  bitbucket,
  gitea,
  gitlab,
}

/** What a request would make: a credential of the person, or something else that lasts. */
export type Lasting = 'credential' | 'right'

/** What path and method show; with `content`, only if the content shows it too. */
export interface LastingSign {
  readonly makes: Lasting
  readonly content: RegExp | undefined
}

/** Many at once, as one expression. */
interface Test {
  readonly sign: LastingSign
  readonly programsOnly: boolean
  readonly pattern: RegExp
}

type Asked = Pick<Authenticated, 'method' | 'target' | 'readings' | 'credentials'>

/** These make nothing, whatever the path; what is deleted lasts no longer, unless it was a protection. */
const MAKES_NOTHING = ['GET', 'HEAD', 'OPTIONS', 'DELETE']
const mayMake = (method: string) => !MAKES_NOTHING.includes(method)

export class LastingRights {
  /** The last word of each path: nearly every request has none of them. */
  readonly #words: RegExp | undefined
  readonly #byChanging: readonly Test[]
  readonly #byDeleting: readonly Test[]
  readonly #byReading: readonly Test[]
  readonly #pages: RegExp | undefined

  constructor({ products }: Pick<Config['secondFactor']['lastingRights'], 'products'>) {
    const lists = products.map(product => LISTS[product])
    const rights = lists.flatMap(list => list.rights)
    this.#words = patternOf([...new Set(rights.map(({ path }) => /\/[^/*$]+(?=\$?$)/.exec(path)?.[0] ?? path))])
    this.#byChanging = testsOf(rights.filter(right => right.byReading === undefined))
    this.#byDeleting = testsOf(rights.filter(right => right.byDeleting))
    this.#byReading = testsOf(rights.filter(right => right.byReading))
    this.#pages = patternOf(lists.flatMap(({ pages }) => pages))
  }

  /** Undefined for nearly every request. Where it can be read in several ways, each counts. */
  signOf({ method, target, readings, credentials }: Asked): LastingSign | undefined {
    const isBrowser = credentials.scheme === 'session'
    const tests = this.#testsFor(method, readings)
    const sign =
      tests !== undefined && (readings !== undefined || this.#words?.test(target.path) === true)
        ? firstSign(tests, target.path, readings?.paths, isBrowser)
        : undefined
    return sign ?? (isBrowser ? undefined : firstSign(this.#byReading, target.path, readings?.paths, false))
  }

  #testsFor(method: string, readings: Asked['readings']): readonly Test[] | undefined {
    if (readings === undefined ? mayMake(method) : readings.methods.some(mayMake)) return this.#byChanging
    const isDeleting = readings === undefined ? method === 'DELETE' : readings.methods.includes('DELETE')
    return isDeleting ? this.#byDeleting : undefined
  }

  /** Whether a person is about to make one there. */
  isPage({ target, readings }: Pick<Asked, 'target' | 'readings'>): boolean {
    const pattern = this.#pages
    return pattern !== undefined && (readings?.paths ?? [target.path]).some(path => pattern.test(path))
  }
}

function firstSign(
  tests: readonly Test[],
  path: string,
  paths: readonly string[] | undefined,
  isBrowser: boolean,
): LastingSign | undefined {
  for (const { pattern, sign, programsOnly } of tests) {
    if (programsOnly && isBrowser) continue
    if (paths === undefined ? pattern.test(path) : paths.some(reading => pattern.test(reading))) return sign
  }
  return undefined
}

/** Surest first: what the path alone shows before what only the content does. */
function testsOf(rights: readonly LastingRight[]): readonly Test[] {
  const isCredential = ({ kind }: LastingRight) => CREDENTIALS.includes(kind)
  const plain = rights.filter(({ content }) => content === undefined)
  return [
    ...testOf('credential', plain.filter(isCredential)),
    ...rights.filter(({ content }) => content !== undefined).flatMap(right => testOf('credential', [right])),
    ...testOf(
      'right',
      plain.filter(right => !isCredential(right)),
    ),
  ]
}

/** None, of none. What they have beside their paths is the same for all of them. */
function testOf(makes: Lasting, rights: readonly LastingRight[]): readonly Test[] {
  const pattern = patternOf(rights.map(({ path }) => path))
  const [first] = rights
  if (pattern === undefined || first === undefined) return []
  return [{ pattern, sign: { makes, content: first.content }, programsOnly: first.programsOnly === true }]
}

/** Segments below which the products have what people name: none is of a context path, in front of a product. */
const OWN_SEGMENTS = ['api', 'plugins', 'projects', 'rest', 'scm', 'users']
/** What follows is where the product begins, and no repository: `/acme/admin.git/git-receive-pack` is one. */
const BEGINNING = `^(?!.*\\.git/(?:git-|info/))(?:/(?!(?:${OWN_SEGMENTS.join('|')})/)[^/]+)*`

function patternOf(paths: readonly string[]): RegExp | undefined {
  return paths.length === 0 ? undefined : new RegExp(paths.map(alternativeOf).join('|'), 'i')
}

/** Rails and Grape take an ending for the form of the answer (`keys.json`). */
function alternativeOf(path: string): string {
  const [, begins = '', segments = '', ends = ''] = /^(\^?)(.*?)(\$?)$/.exec(path) ?? []
  const pattern = RegExp.escape(segments).replaceAll('\\*', '[^/]+').replaceAll('\\/', '/')
  return `${begins && BEGINNING}${pattern}${ends ? '(?:[.][^/]*)?/?$' : '(?=[/.]|$)'}`
}
