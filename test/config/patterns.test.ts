/**
 * Regular expressions of operators: what runs in linear time is accepted and means what it says, everything else is
 * refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { linearPattern, needsNoBacktracking, patternProblem } from '../../config/linear-pattern.ts'

const REFUSED = ['(a)\\1', '(?=a)b', '(?!a)b', '(?<=a)b', '(?<!a)b', '(?<x>a)\\k<x>', 'a{1,2000}', '(', '[z-a]', 'a**']

test('back-references, look-around, endless counts and what is no pattern are refused', () => {
  for (const source of REFUSED) assert.equal(typeof patternProblem(source), 'string', source)
  assert.match(patternProblem('(?!a)b') ?? '', /linear time \(no back-references, no look-around/)
})

/** Patterns, what they match as a whole, and what they do not. */
const MEANINGS: readonly [source: string, fits: readonly string[], others: readonly string[]][] = [
  ['/tfs/_admin(/.*)?', ['/tfs/_admin', '/tfs/_admin/x/y'], ['/tfs/_administration', '/x/tfs/_admin']],
  ['/badge/[^/]+', ['/badge/x'], ['/badge/', '/badge/x/y']],
  ['(?:/[^/]+)*/_apis/oauth2/token', ['/_apis/oauth2/token', '/a/b/_apis/oauth2/token'], ['//_apis/oauth2/token']],
  ['/([a-z]+/?)+/badge', ['/ab/cd//badge', '/a//badge'], ['/badge', '/A/badge']],
  ['(a|ab)(c|bcd)', ['ac', 'abcd', 'abc'], ['abd']],
  ['CORP\\\\admin|root', ['CORP\\admin', 'root'], ['CORPadmin', 'roots']],
  ['[\\p{L} ._-]{1,5}', ['äß c', 'abc'], ['abcdef', 'a/b', '']],
  ['.*a.*b', ['ab', 'xxayyb', 'a\nb'], ['ba']],
  ['\\d+/\\w*', ['12/', '1/ab_1'], ['/', '1']],
]

for (const [source, fits, others] of MEANINGS) {
  test(`${source} means what it says, whichever engine runs it`, () => {
    const pattern = linearPattern(source, { matches: 'whole' })
    // One that needs the other engine, and means the same.
    const same = linearPattern(`(?:${source}|(?:(?:xq)*)zq)`, { matches: 'whole' })
    for (const text of fits) assert.ok(pattern.test(text) && same.test(text), text)
    for (const text of others) assert.ok(!pattern.test(text) && !same.test(text), text)
  })
}

test('letter case and a slash at the end are overlooked where asked for', () => {
  for (const source of ['/admin', '/(ad|min)+']) {
    const pattern = linearPattern(source, { matches: 'whole', ignoresCase: true, overlooksSlash: true })
    assert.ok(pattern.test('/ADMIN/') && pattern.test('/admin') && !pattern.test('/admin//'), source)
  }
})

test('a pattern for the beginning leaves the rest open, and groups have their names', () => {
  assert.ok(linearPattern('/a', { matches: 'beginning' }).test('/ab'))
  for (const source of ['(?<account>[a-z]+)@corp', '(?<account>([a-z])+)@corp'])
    assert.equal(linearPattern(source, { matches: 'whole' }).groups('ada@corp')?.account, 'ada')
  assert.equal(linearPattern('(?<account>a)?b', { matches: 'whole' }).groups('b')?.account, undefined)
})

test('only patterns without a choice of where repetitions end run by backtracking', () => {
  for (const source of [
    '(a+)+',
    '(a|a)*',
    '.*a.*',
    'a*a*',
    '[a-z]+[a-c]+x',
    '(a?){30}',
    '(?:a|b|c|d|e|f|g|h)x+',
    '\\w+\\d+',
    '[a-z]+-?[a-z]+-?[a-z]+@corp',
    'a*b*a*b*c',
    'a+b{0,1}a+c',
  ])
    assert.ok(!needsNoBacktracking(source), source)
  for (const source of ['/a/[^/]+/b/[^/]+', '/a(/.*)?', 'x{1,256}']) assert.ok(needsNoBacktracking(source), source)
})

test('what is accepted without being read by the other engine, that engine reads too', () => {
  const pieces = [
    'a',
    '.',
    '/',
    '-',
    '_',
    ' ',
    '\\.',
    '\\d',
    '\\-',
    '[^/]',
    '[a-z@]',
    '[^\\x00-\\x20]',
    '(',
    '(?:',
    '(?<x>',
  ]
  const marks = [')', ')', ')', '|', '*', '+', '?', '+?', '{1,256}', '{3}', '{2,}', '{999}']
  let accepted = 0
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, ...marks), { maxLength: 12 }), tokens => {
      const source = tokens.join('')
      if (patternProblem(source) !== undefined) return
      accepted++
      RE2JS.compile(RE2JS.translateRegExp(source))
    }),
    { numRuns: 20_000 },
  )
  assert(accepted > 2000)
})
