/** Texts of an operator in another language: what is taken, and what is said where they are wrong. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { appearanceWarnings, checkAppearance } from '../../config/appearance-rules.ts'
import { missingTexts, readLanguageFile } from '../../config/language-file.ts'
import { ACCENT } from '../../config/page-colors.ts'
import type { Config } from '../../config/schema.ts'
import { english } from '../../src/texts/english.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-language-'))
})
after(() => rm(directory, { recursive: true }))

async function file(content: string | Uint8Array): Promise<string> {
  const fileName = join(directory, 'texts.yaml')
  await writeFile(fileName, content)
  return fileName
}

type Language = Config['appearance']['languages'][number]

const appearanceOf = (...languages: readonly Language[]) => ({
  appearance: { name: 'Torhaus', accentColor: ACCENT.light, accentColorDark: ACCENT.dark, languages },
})

function problemsOf(...languages: readonly Language[]): string[] {
  const problems: string[] = []
  checkAppearance(appearanceOf(...languages), (path, message) => problems.push(`${path}: ${message}`))
  return problems
}

test('texts are taken by their keys, with what is filled in in another order', async () => {
  const fileName = await file("button.confirm: Confirmer\nnetworks.from: '{network} : {token}'\n")
  assert.deepEqual(readLanguageFile(fileName), {
    'button.confirm': 'Confirmer',
    'networks.from': '{network} : {token}',
  })
  assert.equal(missingTexts(readLanguageFile(fileName)).length, Object.keys(english).length - 2)
  assert.deepEqual(problemsOf({ tag: 'fr', file: fileName }, { tag: 'de', helpText: 'Ruft an.' }), [])
})

test('what is no file of texts is refused by its name, with the key', async () => {
  for (const [content, problem] of [
    ['button.confirn: x', /texts\.yaml has button\.confirn, which is not the key of a text: docs\/texts\.yaml/],
    ['toString: x', /has toString, which is not the key of a text/],
    ['button.confirm: 1', /must have text for button\.confirm/],
    ["button.confirm: ' '", /must have text for button\.confirm/],
    ['button.confirm: Ja {x}', /has \{x\} in button\.confirm, where nothing can be filled in/],
    ['request.id: "{id} {nr}"', /has \{nr\} in request\.id, where \{id\} can be filled in/],
    ['request.id: requête', /lacks \{id\} in request\.id/],
    ['- a list', /must be a mapping of keys to texts/],
    ['button: { confirm: x }', /has button, which is not the key of a text/],
    ['button.confirm: "x', /cannot be read: /],
    [
      'button.confirm: a\nbutton.confirm: b',
      /cannot be read: line 2 sets an option for the second time in its section: remove one of the two lines$/,
    ],
    [Buffer.from('button.confirm: Best\xe4tigen', 'latin1'), /cannot be read: .*not in UTF-8/],
  ] as const) {
    const fileName = await file(content)
    assert.throws(() => readLanguageFile(fileName), problem)
    assert.match(problemsOf({ tag: 'fr', file: fileName }).join(), /^appearance\.languages\[0\]\.file: /)
  }
})

test('a language needs a tag that is one, once, and a file where Torhaus does not know it', async () => {
  const fileName = await file('')
  assert.match(problemsOf({ tag: 'fr' }).join(), /languages\[0\]\.file: is required/)
  assert.match(problemsOf({ tag: 'x-abc', file: fileName }).join(), /languages\[0\]\.tag: is not a language tag/)
  assert.match(
    problemsOf({ tag: 'fr', file: fileName }, { tag: 'FR', file: fileName }).join(),
    /^appearance\.languages\[1\]\.tag: occurs twice$/,
  )
})

test('what is missing is named, but where Torhaus says it itself', async () => {
  const { 'button.confirm': _, 'time.both': __, ...rest } = english
  const fileName = await file(JSON.stringify(rest))
  const [warning, ...others] = appearanceWarnings(appearanceOf({ tag: 'fr', file: fileName }))
  assert.equal(others.length, 0)
  assert.match(warning?.message ?? '', /lacks 2 texts, which will appear in English: button\.confirm, time\.both$/)
  assert.deepEqual(appearanceWarnings(appearanceOf({ tag: 'de', file: fileName })), [])
})
