import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { tryCommand } from '../../devkit/realm/run-command.ts'

const ROOT = resolve(import.meta.dirname, '../..')

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return new Promise<{ code: unknown; out: string; error: string }>(done => {
    execFile(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...environment } }, (failure, out, error) =>
      done({ code: failure?.code ?? 0, out, error }),
    )
  })
}

const MISTAKES: readonly (readonly [args: string, code: number, sentence: RegExp])[] = [
  ['devkit/attack/main.ts --help', 2, /^Unknown option '--help': there are --json, --tree \.\.\.\n$/],
  ['devkit/attack/main.ts --tree /missing', 1, /^\/missing is no working tree of Torhaus: .*\n$/],
  ['devkit/rollout/main.ts --jsn', 2, /^Unknown option '--jsn': there are --json, --requests \.\.\., --only \.\.\.\n$/],
  ['devkit/release/main.ts x', 2, /^Unexpected argument 'x'.*: there are --tag \.\.\., .*\n$/],
  ['devkit/kerberos/vectors.ts --from /missing', 2, /^Nothing is compared, for none .*: \/missing\/krb5, .*\n$/],
  ['devkit/kerberos/vectors.ts --help', 2, /^Unknown option '--help': there are --from \.\.\.\n$/],
  ['devkit/chaos/main.ts --help', 2, /^Unknown option '--help': there are --json, --faults \.\.\.\n$/],
  ['devkit/sbom/main.ts --hole', 2, /^Unknown option '--hole': there are --whole\n$/],
  ['devkit/build/main.ts --output dist', 2, /^Unknown option '--output': there are no options\n$/],
  ['devkit/docs/main.ts --help', 2, /^Unknown option '--help': there are no options\n$/],
  ['loadtest/scale/main.ts --help', 2, /^Unknown option '--help': there are no options\n$/],
  ['loadtest/run.ts --help', 2, /^Unknown option '--help': there are --scenario \.\.\., --curves, .*\n$/],
  ['devkit/release/main.ts --output=', 2, /^Option '--output' has an empty value: there are --tag \.\.\., .*\n$/],
  ['loadtest/mission/main.ts --rate 5 --rate 6', 2, /^Option '--rate' is given twice: there are --json, .*\n$/],
  [
    'devkit/rollout/main.ts --requests -1',
    2,
    /^Option '--requests' has no value; write a value that begins with a hyphen as --requests=VALUE: there are --json, .*\n$/,
  ],
  ['loadtest/mission/main.ts --rate', 2, /^Option '--rate' has no value: there are --json, .*\n$/],
  ['loadtest/bench/run.ts session typo', 2, /^No benchmark is called typo: there are access-token, .*session.*\n$/],
]

for (const [args, status, sentence] of MISTAKES)
  test(`${args}: is refused in one sentence that says what there is`, async () => {
    const { code, out, error } = await run(args.split(' '))
    assert.match(error, sentence)
    assert.deepEqual([code, out], [status, ''])
  })

test('chaos says at once who can run it: the last faults mount a disk', {
  skip: process.platform !== 'linux',
}, async () => {
  const args = [process.execPath, 'devkit/chaos/main.ts', '--json']
  const unprivileged = process.getuid?.() === 0 ? ['unshare', '--user', ...args] : args
  const { code, stdout, stderr } = await tryCommand(unprivileged[0] ?? '', unprivileged.slice(1), { cwd: ROOT })
  assert.deepEqual(
    [code, stdout, stderr],
    [1, '', 'A disk that is full is mounted for it: run it as root, or with --faults connections.\n'],
  )
})

test('an example whose port is taken names the variable to set, and nobody else passes for it', async () => {
  const occupant = createServer()
  try {
    const busy = await listen(occupant, '127.0.0.1', 0)
    const answer = await run(['devkit/examples/main.ts', 'behind-haproxy', '--json'], { PORT: `${busy}` })
    assert.deepEqual(answer, { code: 1, out: '', error: `Port ${busy} is in use: set PORT to another port.\n` })
  } finally {
    await new Promise(resolve => occupant.close(resolve))
  }
})
