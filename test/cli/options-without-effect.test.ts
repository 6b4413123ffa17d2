/** An option that would have no effect is never passed over: whoever gave it believes that it counts. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { runTorhaus } from './command-lab.ts'

const rules = [{ name: 'ada-alone', when: { account: 'ada', groups: ['staff'] }, require: 'refuse' }]

let directory: string
let file: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-options-'))
  const setting = { port: 1, adminPort: 2, upstreamUrl: 'http://127.0.0.1:3', issuer: 'http://127.0.0.1:4' }
  file = await writeTorhausConfig({ ...setting, clientSecret: 'x', directory }, config => ({
    ...config,
    secondFactor: { ...config.secondFactor, rules },
    oidc: { ...config.oidc, idToken: { groups: ['groups'] } },
  }))
})
after(() => rm(directory, { recursive: true }))

const explain = (...args: string[]) => runTorhaus(['explain', '--config', file, ...args])

test('an account without a scheme is somebody with a session, and never nobody', async () => {
  const staff = ['--account', 'ada', '--group', 'staff']
  const { code, out } = await explain('GET', '/x', ...staff)
  assert.deepEqual([code, out.trim().split('\n').at(-1)], [0, 'ada-alone: decides: refuse'])
  assert.equal((await explain('GET', '/x', '--scheme', 'session', ...staff)).out, out)
  assert.match((await explain('GET', '/x')).out, /ada-alone: does not match: account, groups\n/)
})

const sayingNothing: readonly [args: string[], says: RegExp][] = [
  [['--scheme', 'none', '--account', 'ada'], /^--account has no effect with --scheme none/],
  [['--group', 'staff'], /^--group has no effect without .*: add --account/],
  [['--scheme', 'negotiate', '--group', 'staff'], /^--group has no effect without .*: add --account/],
  ...['none', 'certificate', 'server-token', 'pat'].map((scheme): [string[], RegExp] => [
    ['--scheme', scheme, '--group', 'staff', ...(scheme === 'none' ? [] : ['--account', 'ada'])],
    new RegExp(`^--group has no effect with --scheme ${scheme}\\b.*: omit it, or use --scheme session`),
  ]),
  [['--field', 'X-Nonsense'], /^--field must be NAME: VALUE, not X-Nonsense\n/],
  [['--field', 'Authorization: Bearer x'], /^--field has no effect with Authorization: use --scheme/],
  [['--field', 'user-agent: git/2'], /^--field has no effect with user-agent: use --client-class\n/],
  [['--field', 'X-Forwarded-For: 10.0.0.1'], /use --address\n/],
]

for (const [args, says] of sayingNothing)
  test(`explain ${args.join(' ')} says what to do instead`, async () => {
    const { code, out, error } = await explain('GET', '/x', ...args)
    assert.deepEqual([code, out], [2, ''])
    assert.match(error, says)
    assert.match(error, /\nusage: torhaus explain /)
  })

test('of what stands behind the URL the argument itself is named, with --config or without', async () => {
  for (const args of [
    ['--config', file, 'GET', '/x', 'extra'],
    ['--config', file, 'GET', '/x', 'extra', 'more'],
    [file, 'GET', '/x', 'extra'],
    ['GET', '/x', 'extra'],
  ]) {
    const { code, error } = await runTorhaus(['explain', ...args])
    assert.equal(code, 2)
    assert.match(error, /^Unexpected argument 'extra'\n/, args.join(' '))
  }
  assert.match((await explain(file, 'GET', '/x')).error, /^the configuration file is given twice\n/)
})

test('doctor refuses what belongs to a subject that it does not look at, or to a delegation that there is not', async () => {
  const mistakes: readonly [args: string[], says: RegExp][] = [
    [['--only', 'files', '--slow', '5'], /^--slow has no effect without .*: add --only long-requests/],
    [['--only', 'files', '--account', 'ada'], /^--account has no effect without .*: add --only kerberos/],
    [
      ['--account', 'ada'],
      /^--account has no effect: this configuration does not use delegation \(upstream\.identity\.kind/,
    ],
  ]
  for (const [args, says] of mistakes) {
    const { code, out, error } = await runTorhaus(['doctor', '--config', file, ...args])
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(error, says)
  }
})
