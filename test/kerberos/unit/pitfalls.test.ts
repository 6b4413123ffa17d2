/**
 * The bad inputs that have broken implementations of Kerberos: each number has a test that names it, `(pitfall N)` at the
 * end of its title. 1-24 are the acceptor's, 25-36 of a KDC's replies, 37-43 of S4U, 44-53 of the PAC, 54-60 of SPNEGO,
 * 61-64 of keytabs, 65-68 of DER. Likewise the hazards of a directory, `(hazard N)`.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const TESTS = join(import.meta.dirname, '../..')
const PITFALLS = 68
const HAZARDS = 6

const texts = globSync('{kerberos,impersonation}/**/*.test.ts', { cwd: TESTS }).map(file =>
  readFileSync(join(TESTS, file), 'utf8'),
)

/** At the end of titles, one or several. */
function numbered(word: string): number[] {
  const titles = texts.flatMap(text =>
    [...text.matchAll(/\b(?:it|test)\(\s*(['"`])(.+?)\1,/g)].map(match => match[2] ?? ''),
  )
  const ends = titles.map(title => /(?: \(\w+ \d+\))+$/.exec(title)?.[0] ?? '')
  return ends.flatMap(end => [...end.matchAll(new RegExp(`\\(${word} (\\d+)\\)`, 'g'))].map(match => Number(match[1])))
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test('each bad input has a test that names it', () => {
  const found = numbered('pitfall')
  assert.deepEqual(
    upTo(PITFALLS).filter(number => !found.includes(number)),
    [],
  )
  assert.deepEqual(
    found.filter(number => number < 1 || number > PITFALLS),
    [],
  )
})

test('each hazard has a test that names it', () => {
  const found = numbered('hazard')
  assert.deepEqual(
    upTo(HAZARDS).filter(number => !found.includes(number)),
    [],
  )
})
