/** Our own pages are in the language that the browser asks for; what programs read stays in English. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { preferredLanguage } from '../../src/http/accept-language.ts'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'

const AVAILABLE = ['en', 'de', 'pt-BR', 'zh-Hant']

test('a language is chosen as RFC 9110 12.5.4 and the lookup of RFC 4647 say', () => {
  for (const [field, tag] of [
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['DE-at', 'de'],
    ['en-GB,en;q=0.9,de;q=0.8', 'en'],
    ['fr-FR, fr;q=0.9, de;q=0.5, en;q=0.1', 'de'],
    ['en;q=0.1 , de ; q=0.2', 'de'],
    ['de;q=0.300,pt;q=0.30', 'de'],
    ['fr', 'en'],
    ['*', 'en'],
    ['en;q=0, *;q=0.5', 'de'],
    ['de;q=0', 'en'],
    ['de;q=0, de-AT', 'en'],
    ['zh-Hant-TW-x-private', 'zh-Hant'],
    ['pt', 'pt-BR'],
    ['de;q=2', 'en'],
    ['de;x=1, zh-hant', 'zh-Hant'],
    [`${'fr,'.repeat(40)}de`, 'en'],
    ['-'.repeat(60_000), 'en'],
  ] as const)
    assert.equal(preferredLanguage(field, AVAILABLE), tag, field?.slice(0, 60) ?? 'none')
})

let directory: string
let lab: GrantsLab
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-languages-'))
  const file = join(directory, 'fr.yaml')
  writeFileSync(file, "signedOut.title: 'Vous êtes <déconnecté>'\nbutton.signIn: 'Se connecter'\n")
  lab = await startGrantsLab(
    {},
    {
      appearance: {
        helpText: 'Ask at 4711.',
        languages: [
          { tag: 'fr', file },
          { tag: 'de', helpText: 'Fragen Sie unter 4711.' },
        ],
      },
    },
  )
})
after(async () => {
  await lab?.close()
  await rm(directory, { recursive: true })
})

const page = (path: string, language: string) =>
  lab.ask(`GET /.torhaus/${path}`, ['Accept: text/html', `Accept-Language: ${language}`])

test('a page says in which language it is, and that it depends on what was asked for', async () => {
  for (const [asked, tag, title] of [
    ['de-DE,de;q=0.9,en;q=0.8', 'de', 'Sie sind abgemeldet'],
    ['en-US', 'en', 'You are signed out'],
    ['ja', 'en', 'You are signed out'],
  ] as const) {
    const answer = await page('signed-out', asked)
    assert.deepEqual([answer.status, answer.one('Content-Language'), answer.one('Vary')], [200, tag, 'Accept-Language'])
    assert.match(answer.text, new RegExp(`<html lang="${tag}" dir="ltr">`))
    assert.match(answer.text, new RegExp(`<h1>${title}</h1>`))
  }
})

test('a language of the operator is escaped, falls back to English, and has a help text of its own', async () => {
  const french = await page('signed-out', 'fr')
  assert.match(french.text, /<h1>Vous êtes &lt;déconnecté&gt;<\/h1>/)
  assert.match(french.text, /Se connecter<\/a>/)
  assert.match(french.text, /Close the browser if others use this computer/)
  assert.match(french.text, /Ask at 4711\./)
  assert.match((await page('signed-out', 'de')).text, /Fragen Sie unter 4711\./)
})

test('a refusal is in the language of a browser, and in English for a program', async () => {
  const missing = await lab.ask('GET /.torhaus/none', ['Accept: text/html', 'Accept-Language: de'])
  assert.equal(missing.one('Content-Language'), 'de')
  assert.match(missing.text, /<h1>Diese Seite gibt es nicht<\/h1>.*Unter dieser Adresse gibt es nichts\./s)
  assert.match(missing.text, /Anfrage [\w-]{8,}/)
  const problem = await lab.ask('GET /.torhaus/none', ['Accept: application/json', 'Accept-Language: de'])
  assert.equal(problem.one('Content-Type'), 'application/problem+json')
  assert.equal(problem.one('Content-Language'), undefined)
  assert.match(problem.text, /There is no such page/)
  const git = await lab.ask('GET /.torhaus/none', ['User-Agent: git/2.50.1', 'Accept-Language: de'])
  assert.match(git.text, /^Torhaus: There is no such page/)
})

test('times are said in words of the language, and in UTC, and for programs to read', async () => {
  const ada = await lab.person()
  const cookie = `Cookie: torhaus=${ada.cookies.get('torhaus')?.value}`
  const answer = await lab.ask('GET /.torhaus/', [cookie, 'Accept: text/html', 'Accept-Language: de'])
  assert.match(
    answer.text,
    /<time datetime="\d{4}-\d\d-\d\dT[\d:.]+Z">gerade eben \(\d{4}-\d\d-\d\d \d\d:\d\d UTC\)<\/time>/,
  )
  assert.doesNotMatch(answer.text, /just now|Sign out/)
})
