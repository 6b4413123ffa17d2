/**
 * The rules of ARCHITECTURE.md that no compiler keeps. Each rule takes the sources and returns what breaks it, so that
 * the message of a failing test is the list to work through.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FLOORS, floorOf, roomOf } from '../devkit/docs/floors.ts'
import { type Import, type Source, sources } from '../devkit/docs/sources.ts'
import { exitCode } from '../src/exit-codes.ts'

const ROOT = join(import.meta.dirname, '..')
const MAX_LINES = 260

/** What people start: it may print. */
const COMMANDS = ['src/cli/torhaus.ts']

/** Rooms with a door to the street: nobody needs to import them. */
const ENTRIES = ['src/cli']

/** Tables, which are as long as there are rows. */
const TABLES = ['config/schema.ts', 'src/errors.ts', 'src/texts/english.ts', 'src/texts/german.ts']

/**
 * What the rest may use of Kerberos: the directory as a whole, opened by one file, what its errors mean, and what is wrong
 * with it.
 */
const KERBEROS_OPENER = 'src/app/open-identity.ts'
const KERBEROS_FRONT = [
  ...['src/kerberos/kerberos-code.ts', 'src/kerberos/kerberos-error.ts'],
  'src/kerberos/examine-directory.ts',
]

/** What everybody may make: values, and what lives no longer than its request, or inside the one who made it. */
const MADE_ANYWHERE = [
  ...['Fault', 'Secret', 'Html', 'Intake', 'ResponseWriter'],
  ...['BoundedMap', 'FairLedger', 'ReadCache', 'UnsavedEndings', 'LatelyStored'],
]

/** The process itself, and the reader of a request that is made up on the command line. */
const OTHER_BUILDERS = [
  'src/cli/explain-rules.ts RequestFieldReader',
  'src/cli/start.ts SharedLogOutput',
  'src/cli/start.ts Supervisor',
]

/** Functions of ours that return something open. */
const OPENERS = ['Audit.open', 'openDirectory', 'openLogOutput', 'createApp']

const isOurs = (target: string) => target.endsWith('.ts')

/** `path imports target` for each import that `isWrong`. */
const wrongImports = (isWrong: (source: Source, imported: Import) => boolean) =>
  sources.flatMap(source =>
    source.imports
      .filter(imported => isWrong(source, imported))
      .map(({ target }) => `${source.path} imports ${target}`),
  )

/** Good enough for sources that a formatter has seen. */
const withoutComments = (text: string) => text.replace(/^\s*(\/\/|\/?\*).*$/gm, '')

const wrongFiles = (isWrong: (source: Source) => boolean) => sources.filter(isWrong).map(({ path }) => path)

function circles(): string[] {
  const targets = new Map(
    sources.map(({ path, imports }) => [path, imports.map(({ target }) => target).filter(isOurs)]),
  )
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (done.has(path) || trail.includes(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const { path } of sources) visit(path, [])
  return found
}

const isKerberos = (path: string) => path.startsWith('src/kerberos/')

test('the sources and their imports are found', () => {
  assert.ok(sources.length > 40)
  assert.ok(sources.every(({ path }) => floorOf(path) !== -1))
  const unread = sources.filter(({ text, imports }) => (text.match(/^import\b/gm) ?? []).length > imports.length)
  assert.deepEqual(unread, [])
})

test('an import goes down the floors, or sideways within its room', () => {
  assert.deepEqual(
    wrongImports(
      ({ path }, { target }) =>
        isOurs(target) && roomOf(target) !== roomOf(path) && floorOf(target) !== -1 && floorOf(target) <= floorOf(path),
    ),
    [],
  )
})

test('each floor has a reason: something on it is imported from above', () => {
  const isImported = (room: string) =>
    sources.some(({ path, imports }) => roomOf(path) !== room && imports.some(({ target }) => roomOf(target) === room))
  const rooms = FLOORS.slice(1).flatMap(floor => floor.rooms)
  assert.deepEqual(
    rooms.filter(room => !isImported(room) && !ENTRIES.includes(room)),
    [],
  )
})

test('config, middleware and src import no file of ours from elsewhere, tests and load tests among them', () => {
  assert.deepEqual(
    wrongImports((_, { target }) => isOurs(target) && floorOf(target) === -1),
    [],
  )
})

test('no stage imports another stage', () => {
  assert.deepEqual(
    wrongImports(({ path }, { target }) => path.startsWith('middleware/') && target.startsWith('middleware/')),
    [],
  )
})

test('no imports go round in a circle, types included', () => {
  assert.deepEqual(circles(), [])
})

test('no cast makes an exchange admitted, under any of the names that carry admission', () => {
  const names = 'Admission|Admitted|Mapped|Delegated'
  const forged = new RegExp(
    `\\b(as|satisfies)\\s+((unknown|any|never)\\s+as\\s+)?(${names})\\b|(?<![\\w>])<(${names})>`,
  )
  assert.deepEqual(
    wrongFiles(({ text }) => forged.test(text)),
    [],
  )
})

test('every type that extends an admitted exchange is among those names', () => {
  const heirs = sources.flatMap(({ text }) =>
    [...text.matchAll(/interface (\w+) extends [^{]*\b(?:Admitted|Mapped|Delegated)\b/g)].map(match => match[1]),
  )
  assert.deepEqual(heirs, ['Mapped', 'Delegated'])
})

test('admissions are minted in one place, and asked for where something leaves for the origin server', () => {
  const files = (pattern: RegExp) => wrongFiles(({ path, text }) => path !== 'src/admission.ts' && pattern.test(text))
  assert.deepEqual(files(/\bclaimMint\b/), ['middleware/require-second-factor.ts'])
  assert.deepEqual(files(/\bAdmission\.redeem\b/).sort(), ['middleware/forward.ts', 'src/tunnels/tunnels.ts'])
})

test('keys of accounts are made in one place, and stores alone read them back', () => {
  assert.deepEqual(wrongFiles(({ text }) => /\bas AccountKey\b/.test(text)).sort(), [
    'src/account-key.ts',
    'src/identity/account-key.ts',
  ])
  const isStore = (path: string) => /\/(redis|sqlite)-[a-z-]+-store\.ts$|^src\/store\/change-message\.ts$/.test(path)
  assert.deepEqual(
    wrongFiles(({ path, text }) => !isStore(path) && /\bstoredAccountKey\(/.test(text)),
    [],
  )
})

test('only the file that supplies them reads clock, chance and environment', () => {
  const reads = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.env\b|\bperformance\.now\b/
  assert.deepEqual(
    wrongFiles(({ text }) => reads.test(withoutComments(text))),
    ['src/system.ts'],
  )
})

test('only programs pass on what that file supplies', () => {
  const users = sources
    .filter(({ imports }) => imports.some(({ target }) => target === 'src/system.ts'))
    .map(({ path }) => path)
  assert.deepEqual(
    users.filter(path => !/^src\/(main\.ts$|cli\/|process\/worker\.ts$)/.test(path)),
    [],
  )
})

test('only src/app builds services: nobody else makes an object of another room, values and parts of a request aside', () => {
  const homes = new Map(
    sources.flatMap(({ path, text }) => [...text.matchAll(/^export class (\w+)/gm)].map(match => [match[1], path])),
  )
  const services = sources.flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(/\bnew (\w+)[(<]/g)].flatMap(([, name = '']) => {
      const home = homes.get(name)
      const isService = home !== undefined && roomOf(home) !== roomOf(path) && !MADE_ANYWHERE.includes(name)
      return isService ? [`${path} ${name}`] : []
    }),
  )
  assert.deepEqual(services.filter(made => !made.startsWith('src/app/')).sort(), OTHER_BUILDERS)
})

test('what src/app and the commands open goes to the stack that closes it, in the same expression', () => {
  const closable = sources.filter(({ text }) => /^ {2}(async )?\[Symbol\.(dispose|asyncDispose)\]\(/m.test(text))
  const classes = closable.flatMap(({ text }) => [...text.matchAll(/^export class (\w+)/gm)].map(match => match[1]))
  const opens = new RegExp(`(?<!function )\\b(new (${classes.join('|')})|${OPENERS.join('|')})\\(`, 'g')
  const found = sources
    .filter(({ path }) => /^src\/(app|cli)\//.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(opens)].map(({ 0: what, index }) => ({ path, what, before: text.slice(index - 30, index) })),
    )
  assert.ok(found.length >= 9)
  const loose = found.filter(({ before }) => !/\bopened\.use\(\s*(await )?$/.test(before))
  assert.deepEqual(loose, [])
})

test('Kerberos is used through its front, opened in one place, and nothing calls a library of the system', () => {
  const mayUse = (path: string, target: string) =>
    KERBEROS_FRONT.includes(target) || (path === KERBEROS_OPENER && target === 'src/kerberos/directory.ts')
  assert.deepEqual(
    wrongImports(
      ({ path }, { target, isTypeOnly }) =>
        isKerberos(target) && !isKerberos(path) && !isTypeOnly && !mayUse(path, target),
    ),
    [],
  )
  assert.deepEqual(
    wrongImports((_, { target }) => target === 'koffi'),
    [],
  )
})

test('nothing prints but the commands', () => {
  const prints = /\bconsole\.|\bprocess\.std(out|err)\b/
  assert.deepEqual(
    wrongFiles(({ path, text }) => !COMMANDS.includes(path) && prints.test(text)),
    [],
  )
})

test('every exit code that a program names is in the table of exit codes', () => {
  const documented = new Set(Object.values<number>(exitCode))
  const programs = globSync('{bin,src,middleware,config,devkit,loadtest}/**/*.{ts,mjs}', { cwd: ROOT })
  const named =
    /\bprocess\.(?:exit\(|exitCode = )(?<ends>[^\n]*)|\bEXIT_\w+ = (?<constant>\d+)|\bas ExitCode\b(?<cast>)/g
  const undocumented = [...programs, 'test/run.ts'].flatMap(path =>
    [...withoutComments(readFileSync(join(ROOT, path), 'utf8')).matchAll(named)]
      .filter(({ groups: { ends, constant, cast } = {} }) => {
        const codes = (ends ?? constant ?? '').match(/\b\d+\b/g) ?? []
        return cast !== undefined || codes.some(code => !documented.has(Number(code)))
      })
      .map(([text]) => `${path}: ${text}`),
  )
  assert.deepEqual(undocumented, [])
})

test(`no file is longer than ${MAX_LINES} lines, tables aside`, () => {
  const isLong = ({ path, text }: Source) => !TABLES.includes(path) && text.split('\n').length > MAX_LINES
  assert.deepEqual(wrongFiles(isLong), [])
})

test('no file only passes on what others export', () => {
  assert.deepEqual(
    wrongFiles(({ text }) => /^export (\*|(type )?\{[^}]*\}) ?(as \w+ )?from\b/m.test(text)),
    [],
  )
})

test('names of files and folders are kebab-case', () => {
  assert.deepEqual(
    wrongFiles(({ path }) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)+[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path)),
    [],
  )
})
