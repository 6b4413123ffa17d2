/**
 * What a request needs to have confirmed, and whether a confirmation covers it. A grant is weaker than a second factor,
 * so if a request can be read in several ways, each of them must be covered.
 */
import type { ClientClass } from '../../config/client-classes.ts'
import type { Config } from '../../config/schema.ts'
import type { Cover } from '../cover.ts'
import type { Authenticated, Evidence } from '../exchange.ts'
import { decodeWholly } from '../http/percent-decoding.ts'
import { isSafeMethod } from '../http/request-origin.ts'
import { type GitReading, gitReading } from './git-operation.ts'
import { repositoryOf } from './git-repository.ts'
import { judgeSecondFactor, type SecondFactorRule } from './second-factor.ts'

/** What a request does, with every path it could mean. */
export interface Need {
  readonly what: Cover['what']
  readonly access: Cover['access']
  readonly paths: readonly string[]
}

/**
 * What a person has confirmed, and how they had signed in. Cover undefined: confirmed by a version that did not ask
 * what for.
 */
export interface Confirmed {
  readonly cover: Cover | undefined
  readonly evidence: Evidence
}

type Asked = Pick<Authenticated, 'method' | 'target' | 'readings' | 'clientClass' | 'handshake'>

/** Programs that do nothing but read and write repositories. */
const GIT_CLASSES: readonly ClientClass[] = ['git', 'git-lfs']
/** Nobody reads a longer one before they confirm it. */
const MAX_PREFIX_LENGTH = 512

/** Undefined where no confirmation can be for it: git does not do that, or it can be read in too many ways. */
export function needOf(asked: Asked): Need | undefined {
  const { method, target, readings, clientClass, handshake } = asked
  const written = readings?.paths ?? [target.path]
  const paths = [...new Set(written.map(decodeWholly))]
  const methods = readings?.methods ?? [method]
  const repositories = readings?.hidesSegments === true ? [] : repositoriesOf(paths, methods)
  const operations = written.flatMap(path => methods.map(name => gitReading(path, name, target.raw)))
  const isGit = handshake === undefined && repositories.length > 0 && operations.every(reading => reading !== undefined)
  // What goes through a WebSocket nobody sees.
  const isSafe = isGit ? !operations.some(isPush) : handshake === undefined && methods.every(isSafeMethod)
  const access = isSafe ? 'read' : 'write'
  if (!GIT_CLASSES.includes(clientClass)) return { what: 'paths', access, paths }
  return isGit ? { what: 'repositories', access, paths: repositories } : undefined
}

/** None, unless each path and method is that of an operation on a repository. */
function repositoriesOf(paths: readonly string[], methods: readonly string[]): readonly string[] {
  const found = paths.flatMap(path => methods.map(method => repositoryOf(path, method)))
  const repositories = found.filter(repository => repository !== undefined)
  return repositories.length === found.length ? [...new Set(repositories)] : []
}

/** A batch of LFS only asks where objects are; to upload one is an operation of its own. */
function isPush(reading: GitReading | undefined): boolean {
  if (reading === undefined) return false
  return reading.certain === 'push' || (reading.isSmart && reading.possible.includes('push'))
}

/** What a person is asked to confirm; undefined where it cannot be said in one line. */
export function coverFor(
  { what, access, paths }: Need,
  { gitPathSegments, pathSegments }: Config['secondFactor']['grants'],
): Cover | undefined {
  const prefixes = new Set(
    paths.map(path => (what === 'repositories' ? under(path, gitPathSegments) : leading(path, pathSegments))),
  )
  const [prefix = '', ...others] = prefixes
  return others.length > 0 || prefix.length > MAX_PREFIX_LENGTH ? undefined : { what, access, prefix }
}

const segmentsOf = (path: string) => withoutSlash(path).split('/').slice(1)

const under = (path: string, count: number) => `${slashed(segmentsOf(path).slice(0, count))}/`

/** What is shorter than the prefix would be stands for itself alone: `/` must not become everything. */
function leading(path: string, count: number): string {
  const segments = segmentsOf(path)
  return segments.length < count ? slashed(segments) : under(path, count)
}

const slashed = (segments: readonly string[]) => segments.map(segment => `/${segment}`).join('')

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function covers(cover: Cover | undefined, { what, access, paths }: Need): boolean {
  if (cover === undefined) return true
  if (cover.what !== what || (access === 'write' && cover.access === 'read')) return false
  const { prefix } = cover
  return paths.every(path =>
    prefix.endsWith('/') ? `${withoutSlash(path)}/`.startsWith(prefix) : withoutSlash(path) === prefix,
  )
}

/**
 * Whether one of them is as good as a second factor now, by the rule, and for this; need undefined: for whatever it is.
 */
export function isConfirmed(
  confirmed: readonly Confirmed[],
  need: Need | undefined,
  rule: SecondFactorRule,
  nowMs: number,
): boolean {
  return confirmed.some(
    ({ cover, evidence }) =>
      judgeSecondFactor(rule, evidence, nowMs) === 'satisfied' && (need === undefined || covers(cover, need)),
  )
}
