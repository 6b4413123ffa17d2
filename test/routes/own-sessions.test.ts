/** The personal page says from where each session was begun, and ends one. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'
import type { Person } from '../grants/person.ts'

let lab: GrantsLab
before(async () => {
  lab = await startGrantsLab()
})
after(() => lab?.close())

const page = async (person: Person) => (await person.send(`${lab.fixture.url}/.torhaus/`)).text
const itemsOf = (text: string) => [...text.matchAll(/<li>.*?<\/li>/gs)].map(([item]) => item)

test('each session has its browser, system and address, and the other one is ended from here', async () => {
  const [here, there] = [await lab.person(), await lab.person()]
  const items = itemsOf(await page(here))
  assert.equal(items.length, 2)
  for (const item of items) assert.match(item, /<small>Chrome on Linux, from 127\.0\.0\.1<br>since <time /)
  const [own = '', other = ''] = items[0]?.includes('This browser') === true ? items : items.reverse()
  assert.doesNotMatch(own, /<form/)
  assert.match(other, /aria-label="End the session of just now \(.* UTC\), Chrome on Linux"/)
  const [, action = ''] = /action="([^"]+)"/.exec(other) ?? []
  await lab.press(here, action)
  assert.equal((await there.send(`${lab.fixture.url}/.torhaus/`)).status, 303, 'it has ended')
  assert.equal(itemsOf(await page(here)).length, 1)
})

test('a session of an earlier version, which noted nothing, is listed and goes on', async () => {
  const person = await lab.person()
  using database = new SqliteDatabase(lab.fixture.configFile.replace(/[^/]+$/, 'sessions.sqlite'), '')
  await database.execute("UPDATE person_session SET evidence = json_remove(evidence, '$.from')")
  await lab.fixture.restart()
  const text = await page(person)
  assert.match(text, /You are signed in/)
  for (const item of itemsOf(text)) assert.doesNotMatch(item, /<small>[^<]*from/)
  assert.match(text, /aria-label="End the session of just now \(.* UTC\), Unknown browser"/)
})
