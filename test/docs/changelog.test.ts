/** CHANGELOG.md is read by people who want to know what an upgrade means for them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const lines = readFileSync(join(import.meta.dirname, '../../CHANGELOG.md'), 'utf8').split('\n')

test('no change is told twice', () => {
  const entries = lines.filter(line => line.startsWith('- '))
  assert.ok(entries.length > 100)
  assert.deepEqual(
    entries.filter((entry, index) => entries.indexOf(entry) < index),
    [],
  )
})

test('a version begins with what an upgrade asks of people, and each change stands below its subject', () => {
  const kinds = lines.filter(line => line.startsWith('### ')).slice(0, 4)
  assert.deepEqual(kinds, ['### Before you upgrade', '### Added', '### Changed', '### Fixed'])
  let heading = ''
  const strays = lines.filter(line => {
    if (line.startsWith('#')) heading = line
    return line.startsWith('- ') && !/^#### |^### Before/.test(heading)
  })
  assert.deepEqual(strays, [])
})
