import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../devkit/demo/demo-error.ts'
import { readArguments } from '../../../loadtest/arguments.ts'

const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /one of --scenario/],
  [['--scenario', 'session', '--soak'], /one of --scenario/],
  [['--scenario', 'nothing'], /--scenario is one of: .*session/],
  [['--scenario', 'session', '--identities', '0'], /--identities is a whole number from 1 to 1000000/],
  [['--scenario', 'session', '--identities', 'many'], /--identities/],
  [['--scenario', 'session', '--identities', '10000,1,1'], /--identities names a number twice/],
  [['--scenario', 'sign-in-storm', '--identities', '100'], /--identities is for requests with credentials/],
  [['--scenario', 'idle-websockets', '--identities', '1,100'], /--identities is for requests with credentials/],
  [['--scenario', 'sign-in-storm', '--baseline', '.'], /--baseline is not for sign-in-storm/],
  [['--scenario', 'session', '--rounds', '1.5'], /--rounds is a whole number from 1 to 1000/],
  [['--scenario', 'session', '--tls', 'yes'], /--tls is one of: none client both/],
  [['--scenario', 'session', '--store', 'files'], /--store is one of: sqlite redis/],
  [['--scenario', 'handshake', '--tls', 'none'], /--tls is client or both with handshake/],
  [['--soak', '--minutes', '9999'], /--minutes is a number above 0, at most 600/],
  [['--help'], /^Unknown option '--help': there are --scenario \.\.\., --curves, .*--store \.\.\.$/],
  [['--render', '--tls', 'both'], /^--tls says nothing with --render$/],
  [['--scenario', 'session', '--minutes', '5'], /^--minutes says nothing with --scenario$/],
  [['--curves', '--output', 'here'], /^--output says nothing without --keep, --report or --render$/],
  [['--curves', '--peers'], /^--peers says nothing with --curves$/],
  [['--scenario', 'session', '--rounds', '2', '--rounds', '3'], /^Option '--rounds' is given twice: /],
]
for (const [args, message] of REFUSED)
  test(`${args.join(' ') || 'nothing'} is refused, in words`, () => {
    assert.throws(
      () => readArguments(args),
      error => error instanceof UsageError && message.test(error.message),
    )
  })

test('one scenario, with two populations beside each other', () => {
  const { jobs, json } = readArguments(['--scenario', 'session', '--identities', '10000,1', '--rounds', '24', '--json'])
  assert.deepEqual([jobs.length, json], [1, true])
})

test('who speaks TLS is nobody unless it is said, and clients where connections are what is measured', () => {
  const titleOf = (...args: string[]) => readArguments(['--scenario', ...args]).jobs[0]?.title ?? ''
  assert.match(titleOf('session'), /^session, --tls none --store sqlite:/)
  assert.match(titleOf('session', '--tls', 'both'), /^session, --tls both --store sqlite:/)
  assert.match(titleOf('handshake'), /^handshake, --tls client --store sqlite:/)
})
