/** What is said on Windows of files that an account may not read or write, where access control lists say who may. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readableBy } from '../../config/files.ts'
import { elsewhereOn } from '../../config/output-files.ts'
import { examineFiles } from '../../src/doctor/files.ts'

/** `icacls` with its rights in quotes: PowerShell takes a parenthesis without them for a command of its own. */
function assertCommand(said: string): void {
  assert.match(said, /icacls F[A-Z]+ .*\/grant/)
  assert.doesNotMatch(said.replaceAll(/"[^"]*"/g, ''), /[()*]/)
}

test('what this account cannot read or write is said with the command of Windows, and with no mode of Unix', () => {
  for (const said of [readableBy('win32'), elsewhereOn('win32')]) {
    assertCommand(said)
    assert.doesNotMatch(said, /chgrp|chmod|0640|\/var/)
  }
  assert.match(readableBy('linux'), /chgrp GROUP/)
  assert.match(elsewhereOn('linux'), /\/var\/lib\/torhaus/)
})

test('doctor says on Windows that access control lists were not looked at, and which command shows and sets them', async () => {
  const context = { config: {} as never, userId: undefined } as unknown as Parameters<typeof examineFiles>[0]
  const found = await examineFiles(context, 'win32')
  assert.deepEqual(
    found.map(({ what }) => what),
    ['it was not checked who may read the keys, because Windows uses access control lists'],
  )
  assertCommand(found[0]?.remedy ?? '')
  assert.match(found[0]?.remedy ?? '', /\*S-1-5-32-544.*\*S-1-5-18/)
})
