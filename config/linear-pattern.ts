/**
 * Regular expressions of operators, in time linear in the text: whatever they are, nobody can hang a process with a
 * path. The syntax is that of RE2: no back-references, no look-around. Where a pattern can be seen to need no
 * backtracking, the engine of the language runs it, which is faster.
 */
import { RE2JS } from 're2js'

export interface LinearPattern {
  test(text: string): boolean
  /** The named groups of a match; undefined: it does not match. */
  groups(text: string): Readonly<Record<string, string | undefined>> | undefined
}

export interface PatternShape {
  /** Which part of the text must match: all of it, or its beginning. */
  readonly matches: 'whole' | 'beginning'
  readonly ignoresCase?: boolean
  /** One slash more at the end makes no difference. */
  readonly overlooksSlash?: boolean
}

/** Whether it can be seen, without running it, that a pattern fits every path. */
export const fitsEveryPath = (source: string): boolean => /^\^?\/?\.[*+]\$?$/.test(source)

const NOT_LINEAR = 'cannot run in linear time (no back-references, no look-around, at most 1000 repetitions)'

/** What speaks against a pattern; undefined: nothing. */
export function patternProblem(source: string): string | undefined {
  try {
    // Both engines must read it, or it could mean two things.
    new RegExp(source, 'u')
  } catch (error) {
    return (error as Error).message
  }
  const tokens = source.match(TOKEN) ?? []
  if (isReadAlike(tokens)) return undefined
  // RE2 would take it for the letter.
  const reference = tokens.find(token => token === '\\k')
  if (reference !== undefined) return `${NOT_LINEAR}: ${reference}`
  try {
    RE2JS.compile(RE2JS.translateRegExp(source))
  } catch (error) {
    return `${NOT_LINEAR}: ${(error as Error).message.replace(/^error parsing regexp: /, '')}`
  }
  return undefined
}

/** @throws where `patternProblem` finds one. */
export function linearPattern(
  source: string,
  { matches, ignoresCase = false, overlooksSlash = false }: PatternShape,
): LinearPattern {
  const problem = patternProblem(source)
  if (problem !== undefined) throw new Error(`${source}: ${problem}`)
  const whole = `^(?:${source})${overlooksSlash ? '/?' : ''}${matches === 'whole' ? '$' : ''}`
  return needsNoBacktracking(source) ? native(whole, ignoresCase) : linear(whole, ignoresCase)
}

function native(source: string, ignoresCase: boolean): LinearPattern {
  const pattern = new RegExp(source, ignoresCase ? 'isu' : 'su')
  return {
    test: text => pattern.test(text),
    groups: text => {
      const match = pattern.exec(text)
      return match === null ? undefined : (match.groups ?? {})
    },
  }
}

function linear(source: string, ignoresCase: boolean): LinearPattern {
  const flags = RE2JS.DOTALL | (ignoresCase ? RE2JS.CASE_INSENSITIVE : 0)
  const pattern = RE2JS.compile(RE2JS.translateRegExp(source), flags)
  const names = Object.keys(pattern.namedGroups())
  return {
    test: text => pattern.test(text),
    groups: text => {
      const matcher = pattern.matcher(text)
      if (!matcher.find()) return undefined
      return Object.fromEntries(names.map(name => [name, matcher.group(name) ?? undefined]))
    },
  }
}

/** An escape or a class, a group's beginning with its marks, a repetition with its mark, or one character. */
const TOKEN =
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<\w+>|.))?|[*+?]\??|\{\d+(?:,\d*)?\}\??|./gsu
/** What both engines read alike, and RE2 runs at any length that is left to it. */
const SIMPLE =
  /^(?:[\w/ :~@=&,'"<>%#!;.-]|\\[./+*?()[\]{}|^$\\dws-]|\[\^?(?:[\w./@ :-]|\\x[0-7][0-9a-f])+\]|\((?:\?(?:<\w+>|:))?|[)|]|[*+?]\??|\{\d{1,3}(?:,\d{0,3})?\}\??)$/
const MAX_SIMPLE_TOKENS = 200

/**
 * Saves loading RE2's tables, 30 ms of a start, for the usual patterns. One named group and one counted repetition: two
 * of them could have one name, or stand in each other and be more than RE2 allows.
 */
function isReadAlike(tokens: readonly string[]): boolean {
  const hasAtMostOne = (beginning: string) => tokens.filter(token => token.startsWith(beginning)).length < 2
  const isShort = tokens.length <= MAX_SIMPLE_TOKENS
  return isShort && hasAtMostOne('(?<') && hasAtMostOne('{') && tokens.every(token => SIMPLE.test(token))
}

const REPETITION = /^(?:[*+]|\{)/
const OPTION = /^(?:\?|\|)/
const ASSERTION = /^(?:[$^]|\\[bB])$/

/** Each doubles the ways to try, whatever the length of the text. */
const MAX_OPTIONS = 6

/** What may be left out: no end of what stands before it. */
const MAY_BE_ABSENT = /^(?:[*?]|\{)/

/**
 * Conservative: repetitions of one character or class only, and each but the last is followed by a character that it
 * cannot contain and that must be there, so that there is one place where it can end. Then only the last can be tried at more than one length,
 * and what follows it has a bounded one.
 */
export function needsNoBacktracking(source: string): boolean {
  const tokens = source.match(TOKEN) ?? []
  if (tokens.some(token => ASSERTION.test(token) || token.startsWith('(?<=') || token.startsWith('(?<!'))) return false
  if (tokens.filter(token => OPTION.test(token)).length > MAX_OPTIONS) return false
  const repetitions = tokens.flatMap((token, index) => (REPETITION.test(token) ? [index] : []))
  if (repetitions.some(index => tokens[index - 1] === ')')) return false
  return repetitions.slice(0, -1).every(index => {
    const [atom = '', next = '', mark = ''] = [tokens[index - 1], tokens[index + 1], tokens[index + 2]]
    return isPlain(next) && !MAY_BE_ABSENT.test(mark) && !mayBe(atom, next)
  })
}

/** A character that stands for itself. */
const isPlain = (token: string) => /^(?:[\w/ :~@=&,'"<>%#!;-]|\\[./+*?()[\]{}|^$\\-])$/.test(token)

const mayBe = (atom: string, character: string) => new RegExp(`^${atom}$`, 'isu').test(character.slice(-1))
