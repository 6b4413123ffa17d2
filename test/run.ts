/**
 * `npm test`: installs what the tests need and runs them all. `npm run test:unit`: only those that need no Debian
 * package. Further arguments are names of test files, or of folders of them, to run just these. Whatever ends it ends what the tests have started,
 * and removes their files.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { clientPackages } from '../devkit/compatibility/client-packages.ts'
import { clients } from '../devkit/compatibility/clients.ts'
import { present } from '../devkit/compatibility/run-case.ts'
import { exitOnSignals } from '../devkit/demo/program.ts'
import { keycloakHome, keycloakPackages } from '../devkit/op/keycloak-distribution.ts'
import { lemonldapPackages } from '../devkit/op/lemonldap-packages.ts'
import { heimdalPrograms } from '../devkit/realm/heimdal-programs.ts'
import { LAB_PACKAGES } from '../devkit/realm/samba-kdc.ts'
import { ensureDebianPackages, INSTALLS_NOTHING } from '../devkit/torhaus/debian-packages.ts'
import { testEnvironment } from '../devkit/torhaus/test-folder.ts'
import { exitCode } from '../src/exit-codes.ts'
import { chosenTests } from './chosen-tests.ts'

/**
 * Folders whose tests start programs of Debian packages, and those packages that the tests do not install themselves.
 */
const needs: Record<string, string[]> = {
  'test/balancer/': ['haproxy', 'nginx', 'libnginx-mod-stream'],
  'test/browser/': ['chromium', 'git'],
  'test/examples/': ['haproxy', 'redis-server'],
  'test/certificates/': ['nginx', 'apache2', 'chromium', 'curl', 'libnss3-tools'],
  'test/clients/': clientPackages(),
  'test/faults/': ['strace'],
  'test/lab/': [],
  'test/monitoring/': ['prometheus', 'redis-server', 'rsyslog', 'rsyslog-elasticsearch'],
  'test/providers/': [...lemonldapPackages, ...keycloakPackages, 'chromium'],
  'test/kerberos/': [],
  'test/impersonation/': ['chromium'],
  'test/oracle/': ['nginx', 'apache2', 'util-linux'],
  'test/attack/': ['redis-server', ...LAB_PACKAGES],
  'test/redis/': ['redis-server'],
  'test/upgrade/': ['redis-server'],
  'test/release/': ['zip'],
  // The roll-out test installs what it needs.
  'test/rollout/': [],
  // The load test installs what it measures with.
  'test/loadtest/': [],
}

/** Below these, everything runs without packages after all. */
const needsNothing = /\/unit\//

const FILE_TIMEOUT_MS = 900_000

const [mode, ...named] = process.argv.slice(2)
const isUnit = mode === '--unit'
const needsPackages = (file: string) =>
  !needsNothing.test(file) && Object.keys(needs).some(folder => file.startsWith(folder))
const names = mode === undefined || isUnit ? named : [mode, ...named]
const files = chosen()

function chosen(): string[] {
  try {
    return chosenTests({ names, isUnit, needsPackages })
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return process.exit(exitCode.usage)
  }
}

const packages = new Set(
  Object.entries(needs).flatMap(([folder, names]) => (files.some(file => file.startsWith(folder)) ? names : [])),
)
if (packages.size > 0) await ensureDebianPackages([...packages])

// A download, and a build that takes a minute: not on the time of a test. Without it, those tests say what they left out.
if (files.some(file => file.startsWith('test/providers/'))) {
  const keycloak = await keycloakHome()
  if ('missing' in keycloak) console.error(`The tests with Keycloak are left out: ${keycloak.missing}`)
}

if (files.some(file => file.startsWith('test/kerberos/heimdal'))) {
  const heimdal = await heimdalPrograms()
  if ('missing' in heimdal) console.error(`The tests with Heimdal are left out: ${heimdal.missing}`)
}

if (files.some(file => file.startsWith('test/clients/')))
  for (const client of clients.filter(({ bring }) => bring !== undefined)) {
    const here = await present(client)
    if ('missing' in here) console.error(`The tests with ${client.name} are left out: ${here.missing}`)
  }

exitOnSignals(process.env.npm_lifecycle_event ?? 'test')
const runner = spawn(
  process.execPath,
  ['--test', `--test-concurrency=${availableParallelism()}`, `--test-timeout=${FILE_TIMEOUT_MS}`, ...files],
  {
    stdio: 'inherit',
    env: { ...process.env, ...(await testEnvironment()), ...(isUnit && { [INSTALLS_NOTHING]: 'yes' }) },
  },
)
runner.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)))
