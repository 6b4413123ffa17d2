/** Pipelines and manifests are YAML that says what it should, and name commands and files that exist. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, parseAllDocuments } from 'yaml'
import { freePort } from '../../devkit/torhaus/free-port.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts
const PIPELINES = ['azure-pipelines.yml', '.github/workflows/torhaus.yml', '.gitlab-ci.yml']

/** Every line for a shell in it, wherever it stands: `script` (Azure, GitLab) and `run` (GitHub). */
function shellLines(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, value]) =>
    (key === 'script' || key === 'run') && (typeof value === 'string' || Array.isArray(value))
      ? [value].flat().map(String)
      : shellLines(value),
  )
}

/** What lies in the repository; the other paths of a pipeline are made on the way. */
const OURS = /\b(?:bin|config|deploy|devkit|docs|loadtest|monitoring|src|test)\/[\w./-]+/g

for (const path of PIPELINES) {
  test(`${path}: every line for a shell can be read by one, and calls npm scripts and files that exist`, () => {
    const lines = shellLines(parse(read(path)))
    assert.ok(lines.length >= 10, `${lines.length} lines`)
    for (const line of lines) {
      // Azure fills in `$(name)` itself; to a shell it is a command.
      const { status, stderr } = spawnSync('sh', ['-n'], {
        input: line.replace(/\$\([\w.]+\)/g, 'word'),
        encoding: 'utf8',
      })
      assert.equal(status, 0, `${line}: ${stderr}`)
      for (const [, name = ''] of line.matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(scripts[name], `${line}: ${name}`)
      for (const [, name = ''] of line.matchAll(/\bnpm (?!run )([\w:-]+)/g))
        assert.ok(['ci', 'test'].includes(name), `${line}: ${name}`)
      for (const [file] of line.matchAll(OURS)) assert.ok(existsSync(join(ROOT, file)), `${line}: ${file}`)
    }
  })

  test(`${path} checks, tests, tests under load, releases and rolls out, in this order`, () => {
    const text = read(path)
    const steps = [
      'npm run check',
      'npm test',
      'npm run rollout-test',
      'npm run mission',
      'npm run release',
      'from-pipeline.sh',
    ]
    const places = steps.map(step => text.indexOf(step))
    assert.ok(!places.includes(-1), `${steps[places.indexOf(-1)]} is missing`)
    assert.deepEqual(
      places.toSorted((one, other) => one - other),
      places,
    )
    assert.match(text, /--sign-with/)
  })
}

/** File, schema, and a value with one that it does not allow. */
const PUBLISHED = [
  ['azure-pipelines.yml', 'azure-pipelines', 'lockBehavior: sequential', 'lockBehavior: any'],
  ['.github/workflows/torhaus.yml', 'github-workflows', 'timeout-minutes: 60', 'timeout-minutes: [60]'],
  ['.gitlab-ci.yml', 'gitlab-ci', 'when: manual', 'when: by-hand'],
  ['deploy/compose/compose.yaml', 'compose-spec', 'read_only: true', 'read_only: [true]'],
] as const
const hasValidator = spawnSync('check-jsonschema', ['--version']).status === 0
const skip = !hasValidator && 'there is no check-jsonschema, which brings the schemas (pip install check-jsonschema)'
/** Azure reads each scalar as text. */
const asText = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asText)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asText(inner)]))
  return String(value)
}

for (const [path, schema, good, bad] of PUBLISHED)
  test(`${path} is as its published schema says, and one with a wrong value is not`, { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'torhaus-schema-test-'))
    const said = (text: string) => {
      const parsed = parse(text, { merge: true })
      writeFileSync(join(folder, 'it.json'), JSON.stringify(schema === 'azure-pipelines' ? asText(parsed) : parsed))
      const args = ['--regex-variant', 'nonunicode', '--builtin-schema', `vendor.${schema}`, join(folder, 'it.json')]
      return spawnSync('check-jsonschema', args, { encoding: 'utf8' })
    }
    try {
      const { status, stdout } = said(read(path))
      assert.equal(status, 0, stdout)
      assert.ok(read(path).includes(good))
      assert.notEqual(said(read(path).replace(good, bad)).status, 0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

const hasKubernetes = spawnSync('kubernetes-validate', ['--help']).status === 0
const noKubernetes = !hasKubernetes && 'there is no kubernetes-validate, which brings the schemas (pip install it)'

test('the manifests are as the API of Kubernetes says, and ones with a wrong value are not', {
  skip: noKubernetes,
}, () => {
  const said = (input: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'torhaus-schema-test-'))
    try {
      writeFileSync(join(folder, 'it.yaml'), input)
      return spawnSync('kubernetes-validate', ['--strict', join(folder, 'it.yaml')], { encoding: 'utf8' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const text = read('deploy/kubernetes/torhaus.yaml')
  const { status, stderr } = said(text)
  assert.equal(status, 0, stderr)
  assert.ok(text.includes('minAvailable:'))
  assert.notEqual(said(text.replace('minAvailable:', 'atLeast:')).status, 0)
})

test('every option of our own commands in the pipelines is one they have', () => {
  const programs: Record<string, string> = {
    'rollout-test': 'devkit/rollout/main.ts',
    mission: 'loadtest/mission/main.ts',
    release: 'devkit/release/main.ts',
    loadtest: 'loadtest/arguments.ts',
  }
  for (const path of PIPELINES)
    for (const [, name = '', rest = ''] of read(path).matchAll(/npm run ([\w-]+) -- ([^\n]*)/g))
      for (const [, option = ''] of rest.matchAll(/--([a-z-]+)/g))
        assert.match(
          read(programs[name] ?? 'package.json'),
          new RegExp(`\\b${option}\\b`),
          `${path}: ${name} --${option}`,
        )
})

interface Resource {
  readonly kind: string
  readonly spec: Record<string, unknown>
}

const resources = parseAllDocuments(read('deploy/kubernetes/torhaus.yaml')).map(document => document.toJS() as Resource)
const specOf = (kind: string) => JSON.parse(JSON.stringify(resources.find(one => one.kind === kind)?.spec ?? {}))

test('the manifests have probes, a budget for disruptions, time to drain, and secrets as files only', () => {
  const { template, strategy } = specOf('Deployment')
  const [container] = template.spec.containers
  assert.deepEqual([container.readinessProbe.httpGet.path, container.livenessProbe.httpGet.path], ['/readyz', '/livez'])
  assert.equal(strategy.rollingUpdate.maxUnavailable, 0)
  assert.equal(specOf('PodDisruptionBudget').minAvailable, 1)
  assert.ok(template.spec.terminationGracePeriodSeconds > 305)
  assert.ok(container.env.every((variable: object) => !('valueFrom' in variable)))
  assert.deepEqual(
    template.spec.volumes.filter((volume: object) => 'secret' in volume).map((volume: { name: string }) => volume.name),
    ['keys'],
  )
  assert.equal(container.securityContext.readOnlyRootFilesystem, true)
})

test('all selectors of the manifests mean the pods of the deployment, and ports by name exist', () => {
  const { template, selector } = specOf('Deployment')
  const { labels } = template.metadata
  for (const found of [
    selector.matchLabels,
    specOf('PodDisruptionBudget').selector.matchLabels,
    specOf('Service').selector,
  ])
    assert.deepEqual(found, labels)
  const names = template.spec.containers[0].ports.map(({ name }: { name: string }) => name)
  assert.ok(specOf('Service').ports.every(({ targetPort }: { targetPort: string }) => names.includes(targetPort)))
})

test('the compose file runs everything read-only, without capabilities, and with secrets as files', () => {
  const { services, secrets } = parse(read('deploy/compose/compose.yaml'), { merge: true })
  assert.deepEqual(Object.keys(services), ['torhaus-1', 'torhaus-2', 'haproxy', 'redis'])
  for (const [name, service] of Object.entries<Record<string, unknown>>(services)) {
    assert.equal(service.read_only, true, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    for (const secret of (service.secrets as string[] | undefined) ?? []) assert.ok(secrets[secret]?.file, secret)
  }
  const { networks: _, ...first } = services['torhaus-1']
  const { networks: __, ...second } = services['torhaus-2']
  assert.deepEqual(first, second)
})

test('the instances of the compose file are given each secret that their configuration names', () => {
  const { services } = parse(read('deploy/compose/compose.yaml'), { merge: true })
  const named = [...read('deploy/compose/torhaus/torhaus.yaml').matchAll(/\/run\/secrets\/([\w-]+)/g)].map(
    ([, name = '']) => name,
  )
  assert.deepEqual(named.toSorted(), services['torhaus-1'].secrets.toSorted())
})

test('the compose file has the addresses of haproxy.cfg, which it mounts', () => {
  const { services } = parse(read('deploy/compose/compose.yaml'), { merge: true })
  const address = (name: string) => services[name].networks.inner.ipv4_address
  const balancer = read('deploy/haproxy.cfg')
  for (const name of ['torhaus-1', 'torhaus-2'])
    assert.match(
      balancer,
      new RegExp(`^    server ${name} ${address(name)}:8080 addr ${address(name)} port 9090$`, 'm'),
    )
  const { listener, admin } = parse(read('deploy/compose/torhaus/torhaus.yaml'))
  assert.deepEqual([listener.trustedProxies, listener.port, admin.port], [[address('haproxy')], 8080, 9090])
  assert.ok(services.haproxy.volumes.some((volume: string) => volume.startsWith('../haproxy.cfg:')))
})

test('Redis of the compose file starts with its arguments, and its health check passes over TLS', {
  skip: spawnSync('redis-server', ['--version']).status === 0 ? false : 'there is no redis-server',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'torhaus-compose-test-'))
  const port = await freePort()
  const { redis } = parse(read('deploy/compose/compose.yaml'), { merge: true }).services
  // As compose reads it, at places of the test.
  const here = (text: string) =>
    text
      .replaceAll('$$', '$')
      .replaceAll('/run/secrets', folder)
      .replaceAll('/tmp/redis.conf', join(folder, 'redis.conf'))
      .replace('--dir /data', `--dir ${folder} --bind 127.0.0.1`)
      .replace('--tls-port 6379', `--tls-port ${port}`)
      .replace('redis-cli ', `redis-cli -h 127.0.0.1 -p ${port} `)
  const [, made = ''] = /(openssl req .*?redis-certificate)$/ms.exec(read('deploy/compose/compose.yaml')) ?? []
  const make = made.replaceAll(/\n#\s*/g, ' ').replaceAll('secrets/', `${folder}/`)
  writeFileSync(join(folder, 'redis-password'), 'hush-hush\n')
  assert.equal(spawnSync('sh', ['-c', make], { stdio: 'ignore' }).status, 0, make)
  const [shell, ...args] = redis.command.map(here)
  const server = spawn(shell, args, { stdio: 'ignore' })
  const ended = once(server, 'exit')
  try {
    const [, check] = redis.healthcheck.test.map(here)
    const isWell = () => spawnSync('sh', ['-c', check], { stdio: 'ignore' }).status === 0
    for (const deadline = Date.now() + 20_000; !isWell(); await sleep(50)) assert.ok(Date.now() < deadline, check)
  } finally {
    server.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true })
  }
})

test('image, compose file and manifests agree on the user, and carry the version of package.json', () => {
  const { version } = JSON.parse(read('package.json'))
  for (const path of ['deploy/compose/compose.yaml', 'deploy/kubernetes/torhaus.yaml'])
    assert.ok(read(path).includes(`torhaus:${version}`), path)
  const [, user] = /USER = '(\d+):/.exec(read('devkit/release/pack-image.ts')) ?? []
  assert.equal(String(specOf('Deployment').template.spec.securityContext.runAsUser), user)
  assert.ok(read('deploy/compose/compose.yaml').includes(`uid=${user}`))
})
