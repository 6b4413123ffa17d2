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

/** Written elsewhere and not here yet. */
const awaited = new Set(Array.from({ length: 43 - 25 + 1 }, (_, index) => 25 + index))

const texts = globSync('{kerberos,impersonation}/**/*.test.ts', { cwd: TESTS }).map(file =>
  readFileSync(join(TESTS, file), 'utf8'),
)

function numbered(word: string): number[] {
  const title = new RegExp(
    String.raw`\b(?:it|test)\(\s*(?:'[^'\n]*|"[^"\n]*|${'`'}[^${'`'}\n]*)\(${word} (\d+)\)['"${'`'}]`,
    'g',
  )
  return texts.flatMap(text => [...text.matchAll(title)].map(match => Number(match[1])))
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test('each bad input has a test that names it', () => {
  const found = numbered('pitfall')
  assert.deepEqual(
    upTo(PITFALLS).filter(number => !found.includes(number) && !awaited.has(number)),
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
