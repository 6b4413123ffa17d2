/**
 * The rules of ARCHITECTURE.md that no compiler keeps. Each rule takes the sources and returns what breaks it, so that the
 * message of a failing test is the list to work through.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

interface Import {
  readonly target: string
  readonly isTypeOnly: boolean
}

interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

const ROOT = join(import.meta.dirname, '..')
const MAX_LINES = 260

// From the top down. A file may import from its own layer and from those below.
const LAYERS = [
  {
    name: 'top',
    pattern:
      /^src\/(main|supervisor|worker|proxy|compose|ground|own-routes|app|pipeline|readmit|explain|end-sessions)\.ts$/,
  },
  { name: 'middleware', pattern: /^middleware\// },
  { name: 'src leaf', pattern: /^src\// },
  { name: 'config', pattern: /^config\// },
]

/** Programs that people start: they may print. */
const COMMANDS = ['src/main.ts', 'src/cli/explain-rules.ts', 'src/cli/end-sessions.ts', 'src/cli/check-config.ts']

/** Tables, which are as long as there are rows. */
const TABLES = ['config/schema.ts', 'src/errors.ts']

/** What the rest may use of the Kerberos binding: the directory as a whole, opened by one file, and what its errors mean. */
const KERBEROS_OPENER = 'src/app/services.ts'
const KERBEROS_FRONT = ['src/kerberos/kerberos-code.ts', 'src/kerberos/kerberos-error.ts']

const STATEMENT =
  /^(?:import|export)\b(?<only> type\b)?[^'";]*?\bfrom '(?<from>[^']+)'|^import '(?<effect>[^']+)'|\bimport\('(?<lazy>[^']+)'\)/gm

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(({ groups = {} }) => {
    const specifier = groups.from ?? groups.effect ?? groups.lazy ?? ''
    const target = specifier.startsWith('.') ? relative(ROOT, join(ROOT, dirname(path), specifier)) : specifier
    return { target, isTypeOnly: groups.only !== undefined }
  })
}

const sources: readonly Source[] = globSync('{src,middleware,config}/**/*.ts', { cwd: ROOT }).map(path => {
  const text = readFileSync(join(ROOT, path), 'utf8')
  return { path, text, imports: importsOf(path, text) }
})

const layerOf = (path: string) => LAYERS.findIndex(({ pattern }) => pattern.test(path))
const isOurs = (target: string) => target.endsWith('.ts')

/** `path imports target` for each import that `isWrong`. */
const wrongImports = (isWrong: (source: Source, imported: Import) => boolean) =>
  sources.flatMap(source =>
    source.imports
      .filter(imported => isWrong(source, imported))
      .map(({ target }) => `${source.path} imports ${target}`),
  )

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
  assert.ok(sources.every(({ path }) => layerOf(path) !== -1))
  const unread = sources.filter(({ text, imports }) => (text.match(/^import\b/gm) ?? []).length > imports.length)
  assert.deepEqual(unread, [])
})

test('imports go down the layers only: top, middleware, leaves of src, config', () => {
  assert.deepEqual(
    wrongImports(({ path }, { target }) => isOurs(target) && layerOf(target) !== -1 && layerOf(target) < layerOf(path)),
    [],
  )
})

test('config, middleware and src import no file of ours from elsewhere, tests and load tests among them', () => {
  assert.deepEqual(
    wrongImports((_, { target }) => isOurs(target) && layerOf(target) === -1),
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

test('only the second-factor stage makes an Admitted exchange', () => {
  const mints = wrongFiles(({ text }) => /\b(as|satisfies)\s+(unknown\s+as\s+)?Admitted\b|<Admitted>\s*[{(]/.test(text))
  assert.deepEqual(mints, ['middleware/require-second-factor.ts'])
})

test('the Kerberos binding is used through its front, opened in one place, and native calls stay in one file', () => {
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
    wrongImports(({ path }, { target }) => target === 'koffi' && path !== 'src/kerberos/native.ts'),
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
