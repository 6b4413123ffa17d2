import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

const rules = [
  { name: 'office', reason: 'x', when: { networks: ['10.0.0.0/8'], schemes: ['basic'] }, require: 'first-factor' },
  { name: 'by-card', reason: 'x', when: { schemes: ['certificate'] }, require: 'first-factor' },
  { name: 'no-wiki', when: { path: '/wiki/.*' }, require: 'refuse', reportOnly: true },
  { name: 'fresh-push', when: { gitOperation: 'push' }, require: 'second-factor', maxAgeSeconds: 600 },
]

let directory: string
let file: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-explain-'))
  const setting = { port: 1, adminPort: 2, upstreamUrl: 'http://127.0.0.1:3', issuer: 'http://127.0.0.1:4' }
  file = await writeTorhausConfig({ ...setting, clientSecret: 'x', directory }, config => ({
    ...config,
    secondFactor: { ...config.secondFactor, rules },
  }))
})
after(() => rm(directory, { recursive: true }))

function explain(...args: string[]): { readonly lines: string[]; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [torhausCommand, 'explain', ...args], {
    encoding: 'utf8',
  })
  return { lines: (stdout + stderr).trim().split('\n'), status }
}

test('the rule that decides is named, and why each one above it does not match', () => {
  const push = 'http://127.0.0.1:1/wiki/r/info/refs?service=git-receive-pack'
  assert.deepEqual(explain(file, 'GET', push, '--scheme', 'basic').lines, [
    'agent-token-exchange: does not match: methods, path, schemes',
    'office: does not match: networks',
    'by-card: does not match: schemes',
    'no-wiki (report only): matches, and would require: refuse',
    'fresh-push: decides: second-factor, at most 600 s old',
  ])
})

test('what no rule fits needs a second factor; what is in the network does not', () => {
  assert.equal(
    explain(file, 'GET', '/x').lines.at(-1),
    'second-factor: decides, because no rule matches: second-factor',
  )
  const inside = explain(file, 'GET', '/x', '--scheme', 'basic', '--address', '10.1.2.3')
  assert.equal(inside.lines.at(-1), 'office: decides: first-factor')
  assert.deepEqual(explain('--config', file, 'GET', '/x').lines, explain(file, 'GET', '/x').lines)
})

test('who is known by a certificate is not who sends nothing', () => {
  assert.equal(explain(file, 'GET', '/x', '--scheme', 'certificate').lines.at(-1), 'by-card: decides: first-factor')
  assert.match(explain(file, 'GET', '/x', '--scheme', 'none').lines.at(-1) ?? '', /^second-factor: decides/)
})

test('a path that can be read in two ways is said to be refused where that makes a difference', () => {
  assert.match(explain(file, 'GET', '/a/%2e%2e/_apis/oauth2/token').lines.at(-1) ?? '', /^second-factor: decides/)
  assert.match(explain(file, 'POST', '/a/../_apis/oauth2/token').lines.at(-1) ?? '', /several ways.*refused/)
})

test('what cannot be understood is answered with the usage, and a bad configuration with its problems', () => {
  for (const args of [
    [],
    [file, 'GET'],
    [file, 'GET', '/x', '--scheme', 'magic'],
    [file, 'GET', '/x', '--nonsense'],
    [file, 'get', '/x'],
    [file, '/x', 'GET'],
  ]) {
    const { status, lines } = explain(...args)
    assert.equal(status, 2)
    assert.ok(lines.some(line => line.startsWith('usage: ')))
  }
  assert.equal(explain(join(directory, 'client-secret'), 'GET', '/x').status, 78)
})

test('an account is known by each of its names, as it is when requests come', async () => {
  const setting = { port: 1, adminPort: 2, upstreamUrl: 'http://127.0.0.1:3', issuer: 'http://127.0.0.1:4' }
  const folder = await mkdtemp(join(tmpdir(), 'torhaus-explain-'))
  try {
    const named = await writeTorhausConfig({ ...setting, clientSecret: 'x', directory: folder }, config => ({
      ...config,
      account: { domains: ['CORP'] },
      secondFactor: {
        ...config.secondFactor,
        rules: [{ name: 'no-admin', when: { account: 'CORP\\\\admin' }, require: 'refuse' }],
      },
    }))
    const ask = (account: string) => explain(named, 'GET', '/', '--scheme', 'bearer', '--account', account).lines.join()
    for (const account of ['admin', 'Admin@CORP', 'corp\\admin'])
      assert.match(ask(account), /no-admin: decides/, account)
    assert.match(ask('OTHER\\admin'), /no-admin: does not match/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
