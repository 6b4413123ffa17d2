/** The command: what it answers to right and wrong words, and the Node it goes on in. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import ofPackage from '../../package.json' with { type: 'json' }
import { commands } from '../../src/cli/commands.ts'
import { copyTree, linkPackages, oldNode, otherNode, runTorhaus } from './command-lab.ts'

const OWN_VERSION = `Torhaus ${ofPackage.version}, Node ${process.versions.node}\n`
let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-command-'))
})
after(() => rm(directory, { recursive: true, force: true }))

test('help lists every command, and each says what it takes', async () => {
  const { code, out, error } = await runTorhaus(['help'])
  assert.deepEqual([code, error], [0, ''])
  for (const { name, summary, load } of commands) {
    assert.ok(out.includes(`  ${name} `) && out.includes(summary), name)
    const own = await runTorhaus([...name.split(' '), '--help'])
    assert.deepEqual([own.code, own.error], [0, ''], name)
    assert.match(own.out, new RegExp(`^usage: torhaus ${name}`, 'm'))
    for (const option of Object.keys((await load()).command.options))
      assert.match(own.out, new RegExp(`^  --${option}\\b`, 'm'))
    assert.equal((await runTorhaus(['help', ...name.split(' ')])).out, own.out)
  }
})

test('the first word of several commands, asked for help, lists them', async () => {
  for (const args of [
    ['sessions', '--help'],
    ['help', 'sessions'],
  ]) {
    const { code, out, error } = await runTorhaus(args)
    assert.match(out, /^ {2}sessions list {2}.*\n {2}sessions end {3}.*\n$/)
    assert.deepEqual([code, error], [0, ''])
  }
})

test('help of help is the list, and --help before a command is its help', async () => {
  const list = (await runTorhaus(['help'])).out
  for (const args of [['--help'], ['-h'], ['help', 'help'], ['help', '--help']])
    assert.deepEqual(await runTorhaus(args), { code: 0, out: list, error: '' }, args.join(' '))
  assert.equal((await runTorhaus(['--help', 'check'])).out, (await runTorhaus(['help', 'check'])).out)
})

test('every command with a configuration takes --config', async () => {
  for (const { name, load } of commands) {
    const { options } = (await load()).command
    assert.equal('config' in options, name !== 'version', name)
  }
})

test('wrong words end with 2, the right ones on standard error, and nothing on standard output', async () => {
  const mistakes: readonly [args: string[], says: RegExp][] = [
    [[], /^usage: torhaus COMMAND/],
    [['begin'], /no command 'begin'/],
    [['sessions'], /torhaus sessions end/],
    [['help', 'begin'], /no command 'begin'/],
    [['start'], /--config FILE is needed\nusage: torhaus start --config FILE\n/],
    [['start', '--colour', 'blue'], /^Unknown option '--colour'\nusage: torhaus start/],
    [['start', '--config'], /^Option '--config' has no value\nusage: torhaus start/],
    [['start', 'file'], /^Unexpected argument 'file'\n/],
    [['check', 'a', '--config', 'b'], /given twice/],
    [['sessions', 'end', '--account', 'ada', '--account', 'bob'], /^Option '--account' is given twice\nusage: /],
    [
      ['doctor', '--slow', '-1'],
      /^Option '--slow' has no value; write a value that begins with a hyphen as --slow=VALUE\nusage: /,
    ],
    [['check', '--config', ''], /^Option '--config' has an empty value\nusage: torhaus check/],
    [['check', ''], /^--config FILE is needed\n/],
    [['version', '--config', 'file'], /Unknown option '--config'/],
    [['--version', 'file'], /^Unexpected argument 'file'\nusage: torhaus version/],
    [['-V'], /^Unknown option '-V': options come after the command/],
    [['--config', 'file', 'start'], /^Unknown option '--config': options come after the command/],
    [['--help', 'begin'], /no command 'begin'/],
    [['help', 'sessions', 'end', 'ada'], /^Unexpected argument 'ada': torhaus help sessions end\n/],
  ]
  for (const [args, says] of mistakes) {
    const { code, out, error } = await runTorhaus(args)
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(error, says)
  }
})

test('it goes on in the Node that comes with the packages, whichever Node a person runs it with', async () => {
  const clone = join(directory, 'clone')
  const program = copyTree(clone)
  linkPackages(clone, true)
  for (const node of [process.execPath, otherNode(directory), oldNode()]) {
    if (node === undefined) continue
    assert.deepEqual(await runTorhaus(['version'], program, node), { code: 0, out: OWN_VERSION, error: '' }, node)
    assert.equal((await runTorhaus(['begin'], program, node)).code, 2, node)
  }
})

test('below node_modules it says in one line that it cannot run there', async () => {
  const program = copyTree(join(directory, 'node_modules/torhaus'))
  for (const node of [process.execPath, oldNode()]) {
    if (node === undefined) continue
    const { code, error } = await runTorhaus(['version'], program, node)
    assert.equal(code, 1)
    assert.match(error, /^Torhaus cannot run below node_modules[^\n]*\n$/)
  }
})

test('missing packages are told in one line; a Node left out of them does no harm to one that is new enough', async () => {
  const bare = join(directory, 'bare')
  mkdirSync(bare)
  const program = copyTree(bare)
  const without = await runTorhaus(['version'], program)
  assert.equal(without.code, 1)
  assert.match(without.error, /^The packages of Torhaus are missing: run `npm ci` [^\n]*\n$/)
  linkPackages(bare, false)
  assert.equal((await runTorhaus(['version'], program)).out, OWN_VERSION)
})

test('a Node that is too old, with no other at hand, is told in one line', {
  skip: oldNode() === undefined,
}, async () => {
  const bare = join(directory, 'without-node')
  const program = copyTree(bare)
  linkPackages(bare, false)
  const { code, out, error } = await runTorhaus(['version'], program, oldNode())
  assert.deepEqual([code, out], [1, ''])
  assert.match(error, /^Torhaus needs Node [\d.]+ or later, and this is [\d.]+\. [^\n]*npm ci[^\n]*\n$/)
})

test('every script of npm that runs TypeScript says so in one line, too', {
  skip: oldNode() === undefined,
}, async () => {
  const bare = join(directory, 'scripts')
  copyTree(bare)
  const old = oldNode() ?? ''
  for (const [name, script] of Object.entries(ofPackage.scripts)) {
    if (!script.includes('.ts')) continue
    const [, ...args] = script.split(' && ', 1).join().split(' ')
    // A watch says it, and goes on to wait for a change.
    const once = args.filter(arg => !arg.startsWith('--watch'))
    const { status, stderr } = spawnSync(old, once, { cwd: bare, encoding: 'utf8', timeout: 60_000 })
    assert.match(stderr, /^Torhaus needs Node [\d.]+ or later, and this is [\d.]+\. [^\n]*npm ci[^\n]*\n$/, name)
    assert.equal(status, 1, name)
  }
})
