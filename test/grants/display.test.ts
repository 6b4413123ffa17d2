/** What stands in a path that somebody asks for says nothing else where it is confirmed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeCover, describeNetwork } from '../../src/refusal/display.ts'
import { ENGLISH } from '../../src/refusal/speech.ts'

const shown = (prefix: string) =>
  describeCover(ENGLISH, { what: 'paths', access: 'read', prefix }, 'rest').text.replace(/^read under /, '')

test('characters that are not seen, or turn the text around, are shown as what they are not', () => {
  assert.equal(shown('/Ä-b (1)/'), '/Ä-b (1)/')
  for (const hidden of ['\u202e', '\u200b', '\u2028', '\u0000', '\ud800', '\u{e0041}'])
    assert.equal(shown(`/a${hidden}b/`), '/a\ufffdb/', JSON.stringify(hidden))
  assert.equal(shown('/<b>/'), '/&lt;b&gt;/')
})

test('a network of one address is that address, and no other loses its length', () => {
  for (const [network, text] of [
    ['192.0.2.7/32', '192.0.2.7'],
    ['2001:db8::7/128', '2001:db8::7'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['192.0.2.0/24', '192.0.2.0/24'],
  ] as const)
    assert.equal(describeNetwork(network), text)
})
