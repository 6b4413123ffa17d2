/** `torhaus check` recommends a host name for our own pages, and says what it needs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { configNotes } from '../../src/cli/config-notes.ts'

let certificate: Certificate
before(async () => {
  certificate = await createCertificate('DNS:devops.example,DNS:*.wild.example,IP:127.0.0.2')
})
after(() => certificate?.remove())

const notesOf = (publicUrl?: string, tls?: object) =>
  configNotes({ ownPages: { publicUrl }, listener: { tls } } as unknown as Pick<Config, 'ownPages' | 'listener'>).map(
    note => note.split(':')[0],
  )

test('one host for all is no mistake, and a note', () => {
  assert.deepEqual(notesOf(), ['ownPages.publicUrl'])
  assert.deepEqual(notesOf('https://signin.example'), [])
})

test('a certificate that does not name the host of our own pages is told', () => {
  assert.deepEqual(notesOf('https://signin.example', certificate), ['listener.tls.certificateFile'])
  assert.deepEqual(notesOf('https://127.0.0.3', certificate), ['listener.tls.certificateFile'])
  for (const own of ['https://signin.wild.example:8443', 'https://devops.example', 'https://127.0.0.2'])
    assert.deepEqual(notesOf(own, certificate), [], own)
})
