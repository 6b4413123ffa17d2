/** Which tests `npm test` runs for what was typed behind it. */
import assert from 'node:assert/strict'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../devkit/demo/demo-error.ts'
import { tryCommand } from '../../devkit/realm/run-command.ts'
import { chosenTests } from '../chosen-tests.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const FILE = 'test/io/slab.test.ts'
const needsPackages = (file: string) => file.startsWith('test/redis/')
const chosen = (...names: string[]) => chosenTests({ names, isUnit: false, needsPackages })
const refusal = (message: RegExp) => (error: unknown) => error instanceof UsageError && message.test(error.message)

test('a file has the same name however it is written, and a folder or a pattern stands for what is in it', () => {
  assert.deepEqual(chosen(FILE, `./${FILE}`, join(ROOT, FILE)), [FILE])
  assert.ok(chosen('test/io').includes(FILE) && chosen('test/io/').every(file => file.startsWith('test/io/')))
  assert.deepEqual(chosen('test/io/sl*.test.ts'), [FILE])
  assert.ok(chosen().includes(FILE) && chosen().includes('test/redis/doctor.test.ts'))
})

test('what is no test is refused', () => {
  assert.throws(() => chosen('--help'), refusal(/takes names of test files only, not --help/))
  assert.throws(() => chosen(FILE, 'test/io/nothing.test.ts'), refusal(/no test named test\/io\/nothing\.test\.ts$/))
  assert.throws(() => chosen('docs'), refusal(/no test below docs$/))
})

test('where none is left without packages, it is said, and not every test runs in its place', async () => {
  const unit = (...names: string[]) => chosenTests({ names, isUnit: true, needsPackages })
  assert.deepEqual(unit(FILE, 'test/redis'), [FILE])
  assert.throws(
    () => unit('test/redis/doctor.test.ts'),
    refusal(/^test\/redis\/doctor\.test\.ts: needs Debian packages/),
  )
  const args = ['test/run.ts', '--unit', 'test/redis/doctor.test.ts']
  const { code, stdout, stderr } = await tryCommand(process.execPath, args, { cwd: ROOT })
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^test\/redis\/doctor\.test\.ts: needs Debian packages, which test:unit leaves out; .*\n$/)
})
