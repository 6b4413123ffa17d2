/**
 * `npm run loadtest -- --scenario NAME [--peers] [--json] [--short] [--baseline TREE] [--cpu-profile FOLDER]`
 *
 * `--baseline` compares with the Torhaus of another working tree, `--cpu-profile` leaves a profile of this one.
 * Starts everything, measures, and leaves nothing behind. Ends with 1 when something was counted that must not be: errors,
 * or more connections to the origin server, or requests to the KDC, than the scenario allows. Never because of a clock.
 */
import { rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureDebianPackages } from '../test/support/debian-packages.ts'
import type { Contender } from './contender-load.ts'
import { credentialFields } from './credential-fields.ts'
import { delegationCost, measureInitiation } from './delegation-cost.ts'
import { sumUp } from './figures.ts'
import { pinSelf } from './lab/cores.ts'
import { startIdentityProvider } from './lab/identity-provider.ts'
import { describeMachine } from './lab/machine.ts'
import { startOrigin } from './lab/origin.ts'
import { type Realm, startRealm } from './lab/realm.ts'
import { torhaus, torhausBeside, torhausOf } from './lab/torhaus.ts'
import { FULL, measure, SHORT } from './measure.ts'
import { labPackages, peerTable, usualPeers } from './peer-table.ts'
import { jsonLine, markdown, type Report } from './report.ts'
import type { Scenario } from './scenario.ts'
import { scenarioTable } from './scenario-table.ts'
import type { Subject, SubjectStarter, Surroundings } from './subject.ts'

const EXIT_USAGE = 2
const EXIT_INTERRUPTED = 130 // 128 + SIGINT, as shells say it

interface Wish {
  readonly scenario: Scenario
  readonly peerNames: readonly string[]
  readonly short: boolean
  readonly baseline: string | undefined
  readonly nodeOptions: readonly string[]
}

const tell = (line: string) => process.stderr.write(`${line}\n`)

function readArguments(): Wish & { readonly json: boolean } {
  const flag = { type: 'boolean', default: false } as const
  const options = {
    scenario: { type: 'string' },
    'cpu-profile': { type: 'string' },
    baseline: { type: 'string' },
  } as const
  const { values } = parseArgs({ options: { ...options, peers: flag, json: flag, short: flag } })
  const scenario = scenarioTable.get(values.scenario ?? '')
  if (scenario === undefined) throw new TypeError(`--scenario is one of: ${[...scenarioTable.keys()].join(' ')}`)
  const folder = values['cpu-profile']
  return {
    scenario,
    peerNames: values.peers ? (scenario.peers ?? usualPeers) : (scenario.alwaysAgainst ?? []),
    short: values.short,
    json: values.json,
    baseline: values.baseline,
    nodeOptions: folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`],
  }
}

/** Starts what the wish needs, measures it, and stops it again, also when something fails half-way. */
async function runScenario(wish: Wish, signal: AbortSignal): Promise<Report> {
  const { scenario, peerNames, short } = wish
  const peers = peerNames.flatMap(name => peerTable.get(name) ?? [])
  await ensureDebianPackages([...new Set([...labPackages, ...peers.flatMap(peer => peer.packages)])])
  await using undo = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-load-'))
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeDirectory)
  undo.defer(removeDirectory)
  // Workers of Apache run as another user and must find their certificate; secrets have modes of their own.
  await chmod(directory, 0o711)

  const { kerberos } = scenario
  const realm = kerberos && (await startRealm(directory, kerberos.users))
  undo.defer(() => realm?.stop())
  const identityProvider = await startIdentityProvider(directory, kerberos?.users)
  undo.defer(() => identityProvider.stop())
  const origin = await startOrigin(directory)
  undo.defer(() => origin.stop())
  const surroundings: Surroundings = { directory, origin, identityProvider, realm }

  const subjects: Subject[] = []
  const kdcRequests = new Map<string, number>()
  for (const start of [...torhausStarters(wish), ...peers.map(peer => peer.start(scenario))]) {
    signal.throwIfAborted()
    const before = realm?.kdcRequests() ?? 0
    const subject = await start(surroundings)
    undo.defer(() => subject.server?.stop())
    subjects.push(subject)
    kdcRequests.set(subject.name, (realm?.kdcRequests() ?? 0) - before)
  }
  subjects.push({ name: 'direct', port: origin.port, server: undefined, signIn: undefined })

  const contenders = await signInEverywhere(subjects, identityProvider.accessTokens, realm)
  const durations = short ? SHORT : FULL
  const initiations: number[] = []
  const afterRound = async () => {
    if (realm === undefined || short || kerberos?.comparesDelegation !== true) return
    initiations.push(await measureInitiation(realm, signal))
    tell(`one GSSAPI initiation: ${initiations.at(-1)} us CPU`)
  }
  const setting = { scenario, durations, origin, realm, directory, signal, tell, afterRound }
  const measured = await measure(contenders, kdcRequests, setting)
  const figures = new Map([...measured].map(([name, what]) => [name, sumUp(what)]))
  const delegation = delegationCost(figures, initiations)
  const [subject, direct] = [figures.get('torhaus'), figures.get('direct')]
  if (subject === undefined || direct === undefined) throw new Error('nothing was measured')
  figures.delete('torhaus')
  figures.delete('direct')
  const { name, description } = scenario
  const countsKdcRequests = realm !== undefined
  return { scenario: name, description, subject, peers: figures, direct, countsKdcRequests, delegation }
}

/** The one that is judged comes first. */
function torhausStarters({ scenario: { kerberos }, nodeOptions, baseline }: Wish): SubjectStarter[] {
  const kind = kerberos?.torhaus ?? 'assertion'
  return [
    torhaus(kind, nodeOptions),
    ...(baseline === undefined ? [] : [torhausOf(baseline, kind)]),
    ...Object.entries(kerberos?.beside ?? {}).map(([name, other]) => torhausBeside(name, other)),
  ]
}

/** Whoever knows no sessions is sent the cookie of Torhaus: the same bytes to carry. */
async function signInEverywhere(
  subjects: readonly Subject[],
  accessTokens: readonly string[],
  realm: Realm | undefined,
): Promise<Contender[]> {
  const cookies = await Promise.all(subjects.map(subject => subject.signIn?.()))
  const tickets = (await realm?.freshTokens(accessTokens.length)) ?? []
  return subjects.map((subject, at) => ({
    subject,
    credentials: accessTokens.map((accessToken, user) => {
      const cookie = (cookies[at] ?? cookies[0])?.[user] ?? ''
      return credentialFields({ cookie, accessToken, ticket: tickets[user] ?? '' }, subject.name === 'apache-openidc')
    }),
  }))
}

/** What was counted and must not be. Errors of peers stand in the report; they are theirs. */
function failures({ subject }: Report, { maxUpstreamSockets, kerberos }: Scenario): string[] {
  const found = subject.errors > 0 ? [`torhaus: ${subject.errors} errors`] : []
  if (subject.upstreamSockets > maxUpstreamSockets)
    found.push(`torhaus opened ${subject.upstreamSockets} connections to the origin server, not ${maxUpstreamSockets}`)
  if (kerberos !== undefined && subject.kdcRequests > kerberos.maxKdcRequests)
    found.push(`torhaus sent ${subject.kdcRequests} requests to the KDC, not ${kerberos.maxKdcRequests}`)
  return found
}

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second one does not wait for servers to end in order: handlers of the exit kill them.
    if (interruption.signal.aborted) process.exit(EXIT_INTERRUPTED)
    interruption.abort()
  })
}

try {
  const wish = readArguments()
  pinSelf()
  const machine = describeMachine()
  tell(`${wish.scenario.name}: ${wish.scenario.description}\n${machine}`)
  const report = await runScenario(wish, interruption.signal)
  const table = `${markdown(report)}\n${machine}\n`
  if (wish.json) process.stderr.write(`\n${table}`)
  process.stdout.write(wish.json ? `${jsonLine(report)}\n` : `\n${table}`)
  for (const failure of failures(report, wish.scenario)) {
    tell(`failed: ${failure}`)
    process.exitCode = 1
  }
} catch (error) {
  if (interruption.signal.aborted) {
    tell('interrupted')
    process.exitCode = EXIT_INTERRUPTED
  } else {
    tell(error instanceof Error ? error.message : String(error))
    process.exitCode = error instanceof TypeError ? EXIT_USAGE : 1
  }
}
