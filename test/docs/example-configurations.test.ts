/** The configurations that people copy are valid once the files they name are there. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import Value from 'typebox/value'
import { parse } from 'yaml'
import { type Loaded, parseConfig } from '../../config/load.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'

const ROOT = join(import.meta.dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'torhaus-docs-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const pair = await createCertificate('DNS:devops.example.com')
after(() => pair.remove())

/** Values of options whose name says that they name files. */
function filesNamedIn(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return /Files?$/.test(key) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([inner, option]) => filesNamedIn(option, Array.isArray(value) ? key : inner))
}

/** Folders that the configurations name: of the unit, for what is kept, and of the containers' secrets. */
const THERE = ['/var/lib/torhaus', '/run/secrets']

/** Loads `source` with every file it names made. */
function load(original: string): Loaded {
  const source = THERE.reduce((text, folder) => text.replaceAll(folder, directory), original)
  for (const name of filesNamedIn(parse(source))) {
    const path = resolve(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    const content = /\.crt$|-ca\.pem$|-certificate$/.test(name)
      ? pair.certificate
      : /tls\/.*\.key$|\.pem$/.test(name)
        ? pair.privateKey
        : randomBytes(32).toString('base64')
    writeFileSync(path, content)
  }
  return parseConfig(source, directory, {})
}

function yamlBlocks(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(match => match[1] ?? '')
}

test('config/example.yaml is valid', () => {
  const loaded = load(readFileSync(join(ROOT, 'config/example.yaml'), 'utf8'))
  assert.deepEqual(loaded.ok ? [] : loaded.diagnostics, [])
})

for (const file of globSync('deploy/{examples/*,compose/torhaus}/torhaus.yaml', { cwd: ROOT }))
  test(`${file} is valid`, () => {
    const loaded = load(readFileSync(join(ROOT, file), 'utf8'))
    assert.deepEqual(loaded.ok ? [] : loaded.diagnostics, [])
  })

test('config/example.yaml tells editors where the schema is, and is valid by it', () => {
  const [first = ''] = readFileSync(join(ROOT, 'config/example.yaml'), 'utf8').split('\n')
  const schema = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1] ?? ''
  const forEditors = JSON.parse(readFileSync(join(ROOT, 'config', schema), 'utf8'))
  const example: object = parse(readFileSync(join(ROOT, 'config/example.yaml'), 'utf8'))
  assert.equal(forEditors.$schema, 'https://json-schema.org/draft/2020-12/schema')
  assert.ok(Value.Check(forEditors, example), 'as written, without defaults')
  assert.ok(!Value.Check(forEditors, { ...example, sesion: {} }), 'a misspelt section')
  assert.ok(!Value.Check(forEditors, { ...example, publicUrl: undefined }), 'a missing option')
})

test('the configuration in the README is valid', () => {
  const [source, ...others] = yamlBlocks('README.md')
  assert.ok(source !== undefined && others.length === 0)
  const loaded = load(source)
  assert.deepEqual(loaded.ok ? [] : loaded.diagnostics, [])
})

test('the example configurations name their secrets by files, and a missing file is a problem', () => {
  const source = readFileSync(join(ROOT, 'config/example.yaml'), 'utf8')
  assert.ok(filesNamedIn(parse(source)).length >= 6)
  const loaded = parseConfig(source, join(directory, 'empty'), {})
  assert.ok(!loaded.ok && loaded.diagnostics.every(({ message }) => message.includes('does not exist')))
})
