/** Whether results can be kept is known before anything is measured. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { UsageError } from '../../../devkit/demo/demo-error.ts'
import { readArguments } from '../../../loadtest/arguments.ts'
import { prepareOutput } from '../../../loadtest/report/prepare-output.ts'

const place = mkdtempSync(join(tmpdir(), 'torhaus-output-'))
after(() => rmSync(place, { recursive: true }))

const prepare = (...args: string[]) => prepareOutput(readArguments(args))
const refusal = (message: RegExp) => (error: unknown) => error instanceof UsageError && message.test(error.message)

test('the folder of results is made, with nothing in it', () => {
  prepare('--scenario', 'session', '--keep', '--output', join(place, 'new/one'))
  assert.deepEqual(readdirSync(join(place, 'new/one/results')), [])
})

test('one that cannot be made, or takes no files, is refused', () => {
  writeFileSync(join(place, 'file'), '')
  const folders = [
    join(place, 'file'),
    join(place, 'file/below'),
    ...(existsSync('/proc/self') ? ['/proc/torhaus'] : []),
  ]
  for (const folder of folders)
    assert.throws(
      () => prepare('--scenario', 'session', '--keep', '--output', folder),
      refusal(/^--output: nothing can be written to \S+results: E[A-Z]+: /),
    )
})

test('a report of no results is refused, and nothing is written', () => {
  const folder = join(place, 'empty')
  assert.throws(
    () => prepare('--render', '--output', folder),
    refusal(/^--render: there are no results in \S+results$/),
  )
  assert.ok(!existsSync(folder))
})
