/**
 * Every path that a server could read a path as. Servers differ in what they remove (escapes, parameters, dot segments,
 * doubled slashes, trailing dots), how often, and in which order; so each step is applied to each reading until there
 * is nothing new.
 */
import { BoundedMap } from '../bounded-map.ts'
import { decodeUnits, decodings } from './percent-decoding.ts'

/** A path without any of this, and without escapes, has one reading: itself. A trailing slash is for the rules to overlook. */
const UNUSUAL = /[\\;]|\/\/|\.(?:\/|$)|\/(?:_\/|\([A-Za-z]\()/
const MALFORMED_ESCAPE = /%(?!u?[0-9a-f]{2})|%u(?![0-9a-f]{4})/i
/** Nothing but encoded spaces, none of them at the end of a segment: the ordinary unusual path. */
const ONLY_SPACES = /^(?:[^%\\;]|%20(?!\/|$))*$/
const CONTROL = /[\x00-\x1f\x7f]/

// Encoded dot, slash, backslash, semicolon or percent, and the escapes of IIS; the same unencoded; empty segments, dots
// at the end; sessions without cookies.
const HIDING = /%(?:2e|2f|5c|3b|25|u)|[\\;]|\/\/|\.(?:\/|$)|\/(?:\(|%28)(?:[A-Z]|%[0-9a-f]{2})(?:\(|%28)/i

/** Whether a path is spelled as nobody does without a purpose: segments may hide in it. */
export const hidesSegments = (path: string): boolean => HIDING.test(path)

/** Beyond these nobody means anything by a path. Both keep the work linear in the length of what is sent. */
const MAX_READINGS = 64
const MAX_CHARACTERS = 16_384

interface Step {
  /** Where this does not stand, the step changes nothing. */
  readonly on: RegExp
  readonly take: (path: string) => string
}

const STEPS: readonly Step[] = [
  { on: /\\/, take: path => path.replaceAll('\\', '/') },
  { on: /;/, take: path => path.replace(/;[^/]*/g, '') },
  { on: /\/\//, take: path => path.replace(/\/{2,}/g, '/') },
  // System.Web takes a session without cookies out of a path, whether or not it is configured, also within a segment.
  { on: /\/\([A-Z]\(/i, take: path => path.replace(/\/\((?:[A-Z]\([^/)]*\))+\)/i, '') },
  { on: /\/_\//, take: withoutVersion },
  { on: /\/\./, take: withoutDotSegments },
  { on: /[. ](?:\/|$)/, take: path => path.split('/').map(trimmed).join('/') },
  // Decoded and then parsed once more, a path ends here.
  { on: /[?#]/, take: path => path.replace(/[?#].*$/s, '') },
  { on: /[^\x00-\x7f]/, take: asCompatible },
]

/** Paths recur; the readings of the last thousand are remembered. */
const REMEMBERED = new BoundedMap<string, readonly string[] | 'malformed'>(1024)
const MAX_REMEMBERED_LENGTH = 256

/**
 * The readings of a path, as it is written first; undefined where it has but one. `malformed`: no server could mean it.
 */
export function pathReadings(path: string): readonly string[] | undefined | 'malformed' {
  const isUnusual = UNUSUAL.test(path)
  const hasEscapes = path.includes('%')
  if (!isUnusual && !hasEscapes) return undefined
  if (hasEscapes && MALFORMED_ESCAPE.test(path)) return 'malformed'
  if (!isUnusual && ONLY_SPACES.test(path)) return [path, path.replaceAll('%20', ' ')]
  if (path.length > MAX_REMEMBERED_LENGTH) return allReadings(path)
  const known = REMEMBERED.get(path)
  if (known !== undefined) return known
  const readings = allReadings(path)
  REMEMBERED.set(path, readings)
  return readings
}

function allReadings(path: string): readonly string[] | 'malformed' {
  const readings = new Set([path])
  let characters = 0
  // A set is walked in the order of insertion, what is added meanwhile included.
  for (const reading of readings) {
    if (CONTROL.test(reading)) return 'malformed'
    characters += reading.length
    if (readings.size > MAX_READINGS || characters > MAX_CHARACTERS) return 'malformed'
    const add = (next: string) => readings.add(next.startsWith('/') ? next : `/${next}`)
    if (reading.includes('%')) decodings(reading).forEach(add)
    for (const { on, take } of STEPS) if (on.test(reading)) add(take(reading))
  }
  return [...readings]
}

/** RFC 3986 5.2.4. */
function withoutDotSegments(path: string): string {
  const segments = path.split('/')
  const last = segments.at(-1)
  const kept: string[] = []
  for (const segment of segments.slice(1)) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}${(last === '.' || last === '..') && kept.length > 0 ? '/' : ''}`
}

/** Bitbucket forwards `/s/VERSION/_/PATH` to PATH, whatever that is: the versions of its static files have as many segments as they like. */
function withoutVersion(path: string): string {
  const [start, end] = [path.indexOf('/s/'), path.lastIndexOf('/_/')]
  return start === -1 || end < start ? path : path.slice(0, start) + path.slice(end + 2)
}

/** Windows drops dots and spaces from the end of a name. */
function trimmed(segment: string): string {
  if (segment === '.' || segment === '..') return segment
  let end = segment.length
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end--
  return segment.slice(0, end)
}

/** Windows code pages: a missing character becomes an ASCII one that looks alike, e.g. a full-width solidus a slash. */
function asCompatible(path: string): string {
  lookalikes ??= lookalikesOf()
  const { all, plain } = lookalikes
  return path.replace(all, character => plain.get(character) ?? character)
}

let lookalikes: ReturnType<typeof lookalikesOf> | undefined

/** Those of the basic plane that NFKC makes ASCII: some hundreds, found once when one is needed. */
function lookalikesOf() {
  const plain = new Map<string, string>()
  for (let unit = 0x80; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit)
    const compatible = character.normalize('NFKC')
    if (/^[\x20-\x7e]+$/.test(compatible)) plain.set(character, compatible)
  }
  return { plain, all: new RegExp(`[${[...plain.keys()].join('')}]`, 'g') }
}

/**
 * The one reading that decided until the others were looked at, too: for rules that only report what the others would
 * change.
 */
export function collapsedPath(path: string): string {
  let decoded = path
  for (let round = 0; round < 3 && decoded.includes('%'); round++) decoded = decodeUnits(decoded)
  const segments: string[] = []
  for (const segment of decoded.replaceAll('\\', '/').split('/')) {
    const name = segment.split(';', 1)[0] ?? ''
    if (name === '..') segments.pop()
    else if (name !== '' && name !== '.') segments.push(name)
  }
  const end = /[/\\]\.{0,2}$/.test(decoded) && segments.length > 0 ? '/' : ''
  return `/${segments.join('/')}${end}`
}
