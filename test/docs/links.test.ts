import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const pages = [...globSync('*.md', { cwd: ROOT }), ...globSync('{deploy,docs,monitoring}/**/*.md', { cwd: ROOT })]

const read = (page: string) => readFileSync(join(ROOT, page), 'utf8')
const withoutCode = (text: string) => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '')

/** Targets of links, images and `src` attributes that lead to a file of this repository. */
function relativeLinks(text: string): string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
  return targets.map(match => match[1] ?? match[2] ?? '').filter(target => !/^[a-z]+:/.test(target))
}

/** As GitHub makes them: lower case, punctuation gone, spaces to hyphens. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (page: string) =>
  [
    ...read(page)
      .replace(/^```.*?^```/gms, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ].map(match => anchorOf(match[1] ?? ''))

function isBroken(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const found = file === '' ? page : join(dirname(page), file)
  if (!existsSync(join(ROOT, found))) return true
  return anchor !== undefined && statSync(join(ROOT, found)).isFile() && !anchorsOf(found).includes(anchor)
}

test('every relative link in a page leads to a file, and to a heading where it names one', () => {
  assert.ok(pages.length > 10)
  const broken = pages.flatMap(page =>
    relativeLinks(read(page))
      .filter(target => isBroken(page, target))
      .map(target => `${page}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

test('every page under docs can be reached from the README by links', () => {
  const reached = new Set<string>()
  const visit = (page: string): void => {
    if (reached.has(page)) return
    reached.add(page)
    for (const link of relativeLinks(read(page))) {
      const [file = ''] = link.split('#')
      if (file === '') continue
      const target = join(dirname(page), file)
      // A link to a folder shows what is in it.
      for (const found of pages) if (found === target || dirname(found) === target.replace(/\/$/, '')) visit(found)
    }
  }
  visit('README.md')
  assert.deepEqual(
    pages.filter(page => !reached.has(page)),
    [],
  )
})

test('each page of docs is on the way of one of its readers', () => {
  const onTheWay = relativeLinks(read('docs/README.md')).map(link => join('docs', link.split('#')[0] ?? ''))
  const own = pages.filter(page => dirname(page) === 'docs' && page !== 'docs/README.md')
  assert.deepEqual(
    own.filter(page => !onTheWay.includes(page)),
    [],
  )
})
