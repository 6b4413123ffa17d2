/** ARCHITECTURE.md says what there is: its files exist, and its numbers stand in the code. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FLOORS } from '../../devkit/docs/floors.ts'
import { stepNumberOf } from '../../src/observability/trace-facts.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
const sectionOf = (heading: string) => page.split(/^## /m).find(section => section.startsWith(heading)) ?? ''

interface Step {
  readonly number: number
  readonly stage: string
  readonly file: string
}

const steps: readonly Step[] = [
  ...sectionOf('Life of a request').matchAll(/^(\d)\. \*\*([a-z-]+)\*\* \(\[`([^`]+)`\]/gm),
].map(([, number, stage = '', file = '']) => ({ number: Number(number), stage, file }))

test('the life of a request is told in numbered steps, in order', () => {
  assert.deepEqual(
    steps.map(({ number }) => number),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
})

test('each number stands in the file that its step names, and is the one a trace prints', () => {
  const missing = steps.filter(
    ({ number, file }) => !new RegExp(`\\b(Stage|Step) ${number}\\b`).test(readFileSync(join(ROOT, file), 'utf8')),
  )
  assert.deepEqual(missing, [])
  const others = steps.filter(({ number, stage }) => (stepNumberOf(stage) ?? number) !== number)
  assert.deepEqual(others, [])
  assert.equal(steps.filter(({ stage }) => stepNumberOf(stage) !== undefined).length, 9)
})

test('every stage of the pipeline is among the steps, under its name', () => {
  const pipeline = readFileSync(join(ROOT, 'src/pipeline.ts'), 'utf8')
  const stages = [...pipeline.matchAll(/\.stage\('([a-z-]+)'/g)].map(match => match[1])
  assert.deepEqual(
    steps.slice(1, 8).map(({ stage }) => stage),
    stages,
  )
})

test('every path on the page exists', () => {
  const named = [...page.matchAll(/`((?:src|middleware|config|devkit|deploy|docs|test|loadtest)\/[^`\s<>]*)`/g)]
  const paths = named.map(match => match[1] ?? '')
  assert.ok(paths.length > 80)
  assert.deepEqual(
    paths.filter(path => !existsSync(join(ROOT, path))),
    [],
  )
})

test('a file that is named without its folder lies where the path before it in the row leads', () => {
  const wrong = sectionOf('Where do I change')
    .split('\n')
    .flatMap(row => {
      let folder = ''
      return [...row.matchAll(/`([\w./-]+)`/g)].flatMap(([, name = '']) => {
        if (folder !== '' && existsSync(join(ROOT, folder, name))) return []
        const isPath = name.includes('/') && existsSync(join(ROOT, name))
        if (isPath) folder = name.slice(0, name.lastIndexOf('/'))
        return isPath || !FILE.test(name) ? [] : [`${folder}/${name}`]
      })
    })
  assert.deepEqual(wrong, [])
})

const FILE = /\.(?:ts|mjs|md)$/

test('"Where do I change" leads into every room of the house', () => {
  const table = sectionOf('Where do I change')
  const rooms = FLOORS.flatMap(floor => floor.rooms).filter(room => !FOUNDATIONS.includes(room))
  assert.deepEqual(
    rooms.filter(room => !table.includes(`\`${room}`)),
    [],
  )
})

/** Small files that hardly ever change, or that "How to add" is about. */
const FOUNDATIONS = [
  ...['src/awaitable.ts', 'src/bounded-map.ts', 'src/cause-chain.ts', 'src/clock.ts', 'src/decision.ts'],
  ...['src/exchange.ts', 'src/pipeline.ts', 'src/stage-chain.ts', 'src/system.ts'],
]
