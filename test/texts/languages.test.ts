/** The languages of our own pages have the same texts, all of them are used, and what is filled in is in each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientClasses } from '../../config/client-classes.ts'
import { sources } from '../../devkit/docs/sources.ts'
import { errorTable } from '../../src/errors.ts'
import { english } from '../../src/texts/english.ts'
import { german } from '../../src/texts/german.ts'
import { LANGUAGES } from '../../src/texts/languages.ts'

const keys = Object.keys(english)
const others = Object.entries(LANGUAGES).filter(([tag]) => tag !== 'en')
const placesIn = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

test('no text is missing in a language, none is too many, and none is empty', () => {
  assert.ok(keys.length > 250)
  assert.deepEqual(Object.keys(LANGUAGES), ['en', 'de'])
  for (const [tag, texts] of others) {
    assert.deepEqual(Object.keys(texts).sort(), [...keys].sort(), tag)
    assert.deepEqual(
      Object.entries(texts).filter(([, text]) => text.trim() === ''),
      [],
      tag,
    )
  }
})

test('what is filled in stands in each language', () => {
  for (const [tag, texts] of others)
    for (const [key, text] of Object.entries(english))
      assert.deepEqual(placesIn(texts[key as keyof typeof english]), placesIn(text), `${tag}: ${key}`)
})

/** Names, and words that are the same. */
const SAME = ['program.browser', 'program.git', 'program.git-lfs', 'program.credential-manager', 'method.pin']
const SAME_TOO = ['confirmPat.token', 'git.manager.title', 'time.both']

test('German is not English', () => {
  const same = keys.filter(key => german[key as keyof typeof english] === english[key as keyof typeof english])
  assert.deepEqual(same.sort(), [...SAME, ...SAME_TOO].sort())
})

/** A key as it stands in a source, and those that are put together there: what is put in is one part of the key. */
function isUsed(): (key: string) => boolean {
  const texts = sources.filter(({ path }) => !path.startsWith('src/texts/')).map(({ text }) => text)
  const literal = new Set(texts.flatMap(text => [...text.matchAll(/'([a-z]\w*\.[\w.-]+)'/g)].map(([, key]) => key)))
  const patterns = texts.flatMap(text =>
    [...text.matchAll(/`([a-z]+\.\$\{[^`]*|[a-z]+\.[a-z]+\$\{[^`]*)`/gi)].map(([, made = '']) => {
      const parts = made.split(/\$\{[^}]*\}/).map(part => part.replaceAll('.', '\\.'))
      return new RegExp(`^${parts.join('[\\w-]+')}$`)
    }),
  )
  return key => literal.has(key) || patterns.some(pattern => pattern.test(key))
}

test('no text is there that no page says', () => {
  const used = isUsed()
  assert.deepEqual(
    keys.filter(key => !used(key)),
    [],
  )
  assert.equal(used('account.nobodySaysThis'), false)
})

test('of texts that are put together there are those that can be, and no others', () => {
  const ending = (family: string) =>
    keys.filter(key => key.startsWith(`${family}.`)).map(key => key.slice(family.length + 1))
  assert.deepEqual(ending('error').sort(), Object.keys(errorTable).sort())
  assert.deepEqual(ending('program').sort(), [...clientClasses].sort())
  const codes = Object.keys(errorTable)
  const statuses = Object.values(errorTable).map(({ status }) => String(status))
  for (const name of [...ending('title'), ...ending('explain')])
    assert.ok([...codes, ...statuses, 'certificate', 'other'].includes(name), name)
})
