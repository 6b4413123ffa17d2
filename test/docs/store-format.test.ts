import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/store-format.md')

test('every table of the SQLite file is on the page about its format, and no other', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n')
  const made = [...sources.matchAll(/CREATE TABLE IF NOT EXISTS (\w+)/g)].map(match => match[1] ?? '')
  const [, section = ''] = /^## SQLite\n(.*?)(?=^## )/ms.exec(page) ?? []
  const listed = [...section.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(match => match[1] ?? ''),
  )
  assert.deepEqual(listed.sort(), made.sort())
})

test('the versions on the page are those of the code', () => {
  const number = (path: string, name: string) =>
    new RegExp(`const ${name} = (\\d+)`).exec(read(path))?.[1] ?? `${path} has no ${name}`
  for (const [row, path, name] of [
    ['the SQLite file', 'src/store/sqlite-file.ts', 'FORMAT'],
    ['all keys of Redis', 'src/store/redis-names.ts', 'VERSION'],
    ["a session's evidence", 'src/session/stored-evidence.ts', 'RECORD_VERSION'],
  ] as const) {
    const cells = page
      .split('\n')
      .find(line => line.startsWith(`| ${row} |`))
      ?.split(' | ')
    assert.equal(/^\d+/.exec(cells?.[2] ?? '')?.[0], number(path, name), row)
  }
})
