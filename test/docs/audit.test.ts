import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { auditActions } from '../../src/observability/audit.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/audit.md'), 'utf8')

test('the audit page has every action with its outcome, and none that does not exist', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (success|failure|unknown) \|/gm)]
  const documented = Object.fromEntries(rows.map(([, action = '', outcome = '']) => [action, outcome]))
  assert.deepEqual(documented, { ...auditActions })
})

test('the audit page has every field of the records', () => {
  const source = readFileSync(join(ROOT, 'src/observability/audit.ts'), 'utf8')
  const fields = [...source.matchAll(/'((?:torhaus|http|client|user|event|log|service|process)\.[a-z_.]+)'/g)]
  assert.ok(fields.length > 10)
  for (const [, field = ''] of fields) {
    if (field !== 'torhaus.audit') assert.ok(page.includes(`\`${field}\``), field)
  }
})
