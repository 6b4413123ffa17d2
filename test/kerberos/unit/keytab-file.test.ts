/** When a keytab on disk is looked at again. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { forgedKeytab } from '../../../devkit/realm/forged-token.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'torhaus-keytab-'))
after(() => rmSync(directory, { recursive: true }))

test('who asks again and again sees a change within a second, who asks for keys at once', () => {
  const path = join(directory, 'keytab')
  writeFileSync(path, forgedKeytab())
  let nowMs = 5000
  using keytab = new KeytabFile(path, () => nowMs)
  keytab.lookNowAndThen()
  const before = keytab.generation
  const touch = (second: number) => utimesSync(path, second, second)
  touch(1000)
  nowMs += 999
  keytab.lookNowAndThen()
  assert.equal(keytab.generation, before)
  nowMs += 1
  keytab.lookNowAndThen()
  assert.equal(keytab.generation, before + 1)
  touch(2000)
  assert.equal(keytab.keysOf('HTTP/proxy.corp.test@CORP.TEST').length, 1)
  assert.equal(keytab.generation, before + 2)
})
