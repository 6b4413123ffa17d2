import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { patField, samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import { startGrantsLab } from '../grants/grants-lab.ts'

test('a token is in neither store, log, metrics nor page, in no form it travels in; its fingerprint is, once all has stopped', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-pats-'))
  try {
    const sqlite = { file: join(directory, 'store.sqlite') }
    const lab = await startGrantsLab(
      {},
      {
        session: { store: { sqlite }, encryptionKeyFiles: ['session-key'] },
        credentials: { patAccountField: 'X-VSS-UserData' },
      },
    )
    const texts: string[] = []
    try {
      lab.origin.answerWith((_, response) => response.writeHead(200, { 'X-VSS-UserData': '0b1c:ada' }).end())
      const fields = [patField, `Authorization: Bearer ${samplePat}`]
      for (const field of fields) assert.equal((await lab.ask('GET /', [field])).status, 200)
      const person = await lab.person()
      texts.push((await person.get(`${lab.fixture.url}/.torhaus/`)).text)
      // Not written before Torhaus stops.
      await lab.ask('GET /', [patField, 'X-Forwarded-For: 203.0.113.9'])
      texts.push(await (await fetch(`${lab.fixture.adminUrl}/metrics`)).text())
    } finally {
      await lab.close()
    }
    texts.push(lab.fixture.log.map(record => JSON.stringify(record)).join('\n'))
    texts.push(
      readdirSync(directory, 'latin1')
        .map(name => readFileSync(join(directory, name), 'latin1'))
        .join('\n'),
    )
    const [fingerprint, ...more] = lab.audited('pat-first-seen').map(record => String(record['torhaus.pat']))
    assert.deepEqual(more, [], 'as Basic and as Bearer it is one token')
    const [page = '', metrics = '', log = '', store = ''] = texts
    for (const text of [page, log, store]) assert.ok(text.includes(fingerprint ?? '-'))
    assert.ok(store.includes('203.0.113.9/32'))
    assert.match(metrics, /torhaus_pats_total\{event="first_seen"\} 1/)
    const forms = [samplePat, patField.slice('Authorization: Basic '.length), samplePat.slice(0, 12)]
    for (const form of forms) for (const text of texts) assert.ok(!text.includes(form))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
