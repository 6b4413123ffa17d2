import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const pages = [...globSync('*.md', { cwd: ROOT }), ...globSync('{deploy,docs,monitoring}/**/*.md', { cwd: ROOT })]

/** As GitHub counts them: a bar in code ends a cell, too, but for one behind a backslash (GFM 4.10). */
const cells = (line: string) =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/).length

test('each row of a table has as many cells as its head: of more, the rest is shown nowhere', () => {
  let rows = 0
  const wrong = pages.flatMap(page => {
    const text = readFileSync(join(ROOT, page), 'utf8').replace(/^```.*?^```/gms, '')
    return (text.match(/(?:^\|.*\n?)+/gm) ?? []).flatMap(table => {
      const [head = '', ...others] = table.trimEnd().split('\n')
      rows += others.length
      return others.filter(row => cells(row) !== cells(head)).map(row => `${page}: ${row.slice(0, 100)}`)
    })
  })
  assert.ok(rows > 500)
  assert.deepEqual(wrong, [])
})
