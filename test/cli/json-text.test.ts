/** What commands print as JSON steers no terminal, and says the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonText } from '../../src/json-text.ts'

test('controls and marks of direction are escaped, and read as what they are', () => {
  const value = { account: '\u009b2J\x7f\x1b[2J', userAgent: 'a\u202eb\u2028c\u{e0041}d', name: 'Zoë 你 👩' }
  for (const indent of [undefined, 2]) {
    const text = jsonText(value, indent)
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    assert.deepEqual(JSON.parse(text), value)
    assert.ok(text.includes('Zoë 你 👩') && text.endsWith('\n'))
  }
})
