import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { capacityBlock, figuresBlock, fillBlock, missionCapacityBlock } from '../../../loadtest/report/blocks.ts'
import { goalsTable } from '../../../loadtest/report/goals-table.ts'
import { renderReport } from '../../../loadtest/report/render-report.ts'
import { DOCUMENT_FOLDER, reportFiles, resultFolder } from '../../../loadtest/report/write-report.ts'
import { type KeptResult, readResults } from '../../../loadtest/results/kept-result.ts'
import { sampleResults } from './sample-results.ts'

test('the report and its blocks in other pages are what the kept results render to', () => {
  const files = reportFiles(DOCUMENT_FOLDER, readResults(resultFolder(DOCUMENT_FOLDER)))
  assert.ok(files.has(join(DOCUMENT_FOLDER, 'report.md')))
  const stale = [...files].filter(([file, content]) => !existsSync(file) || readFileSync(file, 'utf8') !== content)
  assert.deepEqual(
    stale.map(([file]) => `${basename(file)}: npm run loadtest -- --render`),
    [],
  )
  const pictures = globSync('*.svg', { cwd: DOCUMENT_FOLDER })
  assert.deepEqual(
    pictures.filter(name => !files.has(join(DOCUMENT_FOLDER, name))),
    [],
  )
})

test('the same results render to the same files', () => {
  assert.deepEqual(renderReport(sampleResults), renderReport(new Map(sampleResults)))
})

test('every picture has a title, a description, colours for dark pages, and only figures as places', () => {
  const pictures = [...renderReport(sampleResults)].filter(([name]) => name.endsWith('.svg'))
  assert.deepEqual(pictures.map(([name]) => name).sort(), [
    ...['connections.svg', 'principals.svg', 'ratios.svg', 'response-bytes.svg', 'sessions.svg', 'soak.svg'],
  ])
  for (const [name, svg] of pictures) {
    assert.match(svg, /^<svg [^>]*role="img" aria-labelledby="title desc"/, name)
    assert.match(svg, /<title id="title">[^<]+<\/title>\n\s*<desc id="desc">[^<]+<\/desc>/, name)
    assert.match(svg, /prefers-color-scheme: dark/, name)
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/, name)
  }
})

test('the report names every run with date, commit and machine, and shows every picture', () => {
  const files = renderReport(sampleResults)
  const page = files.get('report.md') ?? ''
  for (const [name] of sampleResults)
    assert.match(page, new RegExp(`^\\| ${name} \\| 2026-03-04 05:06 \\| abc1234 `, 'm'))
  assert.match(page, /^A processor, 2 cores, 24 GB, .* nginx 1\.22\.1, wrk 4\.1\.0\.$/m)
  for (const name of files.keys()) if (name.endsWith('.svg')) assert.ok(page.includes(`src="${name}"`), name)
  assert.match(page, /^## pat-git\n\n.*\n\nNot measured yet\.$/m)
})

test('goals are shown as met or missed by the median, or as not to be told', () => {
  const table = goalsTable(sampleResults.values())
  assert.match(
    table,
    /^\| session: 10,000 sessions of 5,000 principals \| cost beside nginx \| 4\.00 \(3\.40-4\.80\) \| 2\.5 at most \| \*\*missed\*\* \|$/m,
  )
  assert.match(table, /^\| session: 10,000 .* \| p50 added .* \| 0\.21 \| 0\.5 at most \| met \|$/m)
  assert.match(table, /^\| curves \| one more idle connection, bytes \| 9000 \| 10240 at most \| met \|$/m)
  assert.match(
    table,
    /^\| curves \| one more idle connection over TLS, bytes \| 31000 \| 30720 at most \| \*\*missed\*\* \|$/m,
  )
  assert.match(table, /^\| workers \| throughput \| 1\.90 .* \| 1\.8 at least \| met \|$/m)
  assert.match(
    table,
    /^\| session: 10,000 .* \| p99 added .* \| -3\.10 \| 2 at most \| the machine was too busy to tell \|$/m,
  )
})

test('a block is replaced between its marks and nowhere else', () => {
  const page = 'before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n'
  const filled = fillBlock(page, 'figures', figuresBlock(new Map()))
  assert.equal(filled, 'before\n<!-- figures -->\nNot measured yet.\n<!-- /figures -->\nafter\n')
  assert.equal(fillBlock(filled, 'figures', 'old'), page)
  assert.throws(() => fillBlock('no marks', 'figures', ''), /no place for figures/)
})

test('README, report and capacity table say who sent the requests, and TLS comes first where it was measured', () => {
  const kept = sampleResults.get('session')
  assert.ok(kept?.result.kind === 'scenario')
  const overTls: KeptResult = { ...kept, result: { ...kept.result, tls: 'both' } }
  const results = new Map([...sampleResults, ['session-tls-both', overTls] as const])
  const figures = figuresBlock(results)
  assert.match(figures, /^\| session, TLS on both sides \|.*\n\| session \|/m)
  assert.match(figures, /Small requests are sent: session by 10,000 sessions of 5,000 principals; bearer by/)
  const page = renderReport(results).get('report.md') ?? ''
  assert.match(
    page,
    /^## session, TLS on both sides\n\n.*--tls both.*\n\n.* Senders: 10,000 sessions of 5,000 principals\. TLS from/m,
  )
  assert.match(page, /^\| session-tls-both: 10,000 .* \| cost beside nginx \| .* \| 2 at most \|/m)
  assert.match(page, /^`.*--identities 10000,1,100000 .*`$/m)
  assert.match(
    capacityBlock(results),
    /of 10,000 sessions of 5,000 principals, takes 42 us .* mission mix over plain HTTP, of 10,000/,
  )
})

test('the capacity of the whole mission is what its run took, times what people ask at the peak', () => {
  const block = missionCapacityBlock(sampleResults)
  // 10,000 people: 3,000 requests/s of 100 KB and 500 us each; three cores at 60 %.
  assert.match(block, /^\| 10,000 \| 3,000 \| 300 \| 1\.50 \| 3 \|$/m)
  assert.match(block, /^\| 1,000 \| 300 \| 30 \| 0\.15 \| 1 \|$/m)
  assert.match(block, /36,000 requests at 400\/s, 100 KB each on average, with 0 errors: 500 us/)
  assert.equal(missionCapacityBlock(new Map()), 'Not measured yet.')
  const report = renderReport(sampleResults).get('report.md') ?? ''
  assert.match(
    report,
    /## The whole mission[\s\S]*\| 36000 \| 400\/s \| 0 \| 12 \| 4 \| 500 \| 300 \| 64 \| 3600 \| 31\.5 \|/,
  )
})
