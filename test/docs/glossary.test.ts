import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sources } from '../../devkit/docs/sources.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8')
const rows = page
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| Term '))
  .map(line => line.split('|').map(cell => cell.trim()))

const code = sources.map(({ text }) => text).join('\n')
const exists = (name: string) =>
  name.includes('/') || name.endsWith('.ts')
    ? sources.some(({ path }) => path.includes(`/${name}`)) || existsSync(join(ROOT, name))
    : new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(code)

test('each term of the glossary is said once, with its meaning', () => {
  assert.ok(rows.length > 50)
  const terms = rows.map(([, term]) => term)
  assert.deepEqual(terms, [...new Set(terms)])
  assert.ok(rows.every(([, term, meaning]) => term !== '' && meaning !== ''))
})

test('every name that the glossary gives for the code exists there', () => {
  const names = rows.flatMap(cells => [...(cells.at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(match => match[1] ?? ''))
  assert.ok(names.length > 60)
  assert.deepEqual(
    names.filter(name => !exists(name)),
    [],
  )
})
