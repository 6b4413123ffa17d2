import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'monitoring/prometheus')
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8')

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const rulesOf = (name: string) => (parse(read(name)) as { groups: { rules: Rule[] }[] }).groups.flatMap(g => g.rules)
const alerts = rulesOf('alerting-rules.yaml')
const names = alerts.map(({ alert = '' }) => alert)

test('Prometheus accepts the rules, and the configuration that reads them', async () => {
  await run('promtool', ['check', 'config', join(FOLDER, 'prometheus.yaml')])
})

test('the rules fire in the cases of rules.test.yaml, and in no others', async () => {
  await run('promtool', ['test', 'rules', join(FOLDER, 'rules.test.yaml')])
})

test('each alert is fired by a case of rules.test.yaml', () => {
  const cases = read('rules.test.yaml')
  assert.ok(names.length > 30)
  assert.deepEqual(
    names.filter(name => !cases.includes(`alertname="${name}"`)),
    [],
  )
})

test('each alert says how severe it is, what happened, and where its section of the runbooks is', () => {
  const page = readFileSync(join(ROOT, 'docs/runbooks.md'), 'utf8')
  for (const { alert = '', labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', /^(critical|warning)$/, alert)
    assert.ok(annotations?.summary && annotations.description, alert)
    assert.equal(annotations.runbook_url, `docs/runbooks.md#${alert.toLowerCase()}`)
    assert.ok(page.includes(`\n### ${alert}\n`), `${alert} has no section`)
  }
})

test('each section of the runbooks has its alert', () => {
  const page = readFileSync(join(ROOT, 'docs/runbooks.md'), 'utf8')
  const sections = [...page.matchAll(/^### (.+)$/gm)].map(([, name = '']) => name)
  assert.deepEqual(sections.sort(), [...names].sort())
})

test('no rule averages over workers or instances', () => {
  const all = [...alerts, ...rulesOf('recording-rules.yaml')]
  assert.deepEqual(
    all.filter(({ expr }) => /\bavg\b|_over_time/.test(expr)),
    [],
  )
})

test('each metric that a rule reads is on the operations page, or recorded by a rule', () => {
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
  const recorded = rulesOf('recording-rules.yaml')
  for (const { expr } of [...alerts, ...recorded])
    for (const [name] of expr.matchAll(/\btorhaus[:_][a-z_:0-9]+/g)) {
      const isKnown =
        recorded.some(({ record }) => record === name) || page.includes(`\`${name.replace(/_bucket$/, '')}\``)
      assert.ok(isKnown, name)
    }
})
