/**
 * `--curves`: what a request costs against the number of sessions, principals and connections, and the size of the
 * response.
 */

import { contendersOf } from '../contenders.ts'
import { smallRequest } from '../credential-fields.ts'
import { type Laboratory, openLaboratory } from '../lab/laboratory.ts'
import { pageBytes } from '../lab/origin.ts'
import { sessionFiles, torhaus } from '../lab/torhaus.ts'
import type { LoadRequest } from '../load.ts'
import { asAnyone, SHORT_SIZE, USUAL_SIZE, writeList } from '../measure/population.ts'
import { nginx } from '../peers/nginx.ts'
import { populationText } from '../results/population-text.ts'
import type { Run } from '../run-context.ts'
import type { Curve, CurvesResult } from './curves-result.ts'
import { type CurvePlan, measureCurve } from './measure-curve.ts'
import { measureMemory, measureTlsConnection } from './measure-memory.ts'
import { seedSessions } from './seed-sessions.ts'

const CONNECTIONS = 64
const SESSION_COUNTS = { full: [10, 1000, 10_000, 100_000], short: [10, 1000] }
/** Whose the sessions are: an account has a thousand at most. */
const FEW_ACCOUNTS = 200
const PRINCIPAL_COUNTS = { full: [10, 100, 1000, 5000], short: [10, 100] }
const CONNECTION_COUNTS = { full: [1, 16, 64, 256, 1000], short: [1, 64] }
const SIZES = { full: ['0', '1k', '10k', '100k', '1m'], short: ['0', '100k'] } as const

export async function runCurves(run: Run): Promise<CurvesResult> {
  const size = run.short ? 'short' : 'full'
  const bytesPerTlsConnection = await measureTlsConnection(run)
  run.tell(`memory: ${bytesPerTlsConnection} bytes per idle connection over TLS`)
  await using laboratory = await openLaboratory({ isAwake: true })
  const subject = await laboratory.start(torhaus('assertion'))
  const peer = await laboratory.start(nginx)
  const subjects = [subject, peer]
  const [contender] = await contendersOf(subjects, laboratory)
  const credentials = contender?.credentials[0]
  if (credentials === undefined) throw new Error('a curve needs a user')
  const session = smallRequest(credentials, 'session')

  // First: memory is that of a new process, and 100,000 sessions in the store come last.
  const plain = await measureMemory(subject, session, laboratory.directory, run)
  const memory = { ...plain, bytesPerTlsConnection }
  const measured = (plan: CurvePlan) => measureCurve(plan, laboratory, run)
  const manySessions = seededLoad(laboratory, session)
  const { sessions, principals } = run.short ? SHORT_SIZE : USUAL_SIZE
  const population = { sessions, principals }
  const people = () => manySessions('people', sessions, index => `user-${index % principals}`)
  const curves: Curve[] = [
    await measured({
      name: 'response-bytes',
      description: `Content of 0 bytes to 1 MB, ${CONNECTIONS} connections; senders: ${populationText(population)}.`,
      xLabel: 'response content, bytes',
      points: SIZES[size].map(name => pageBytes[name]),
      subjects,
      load: async bytes => {
        const { requests, ...load } = await people()
        return { ...load, requests: requests.map(request => pageOf(request, bytes)) }
      },
    }),
    await measured({
      name: 'connections',
      description: `Client connections, all busy, 1 KB responses; senders: ${populationText(population)}.`,
      xLabel: 'busy client connections',
      points: CONNECTION_COUNTS[size],
      subjects,
      load: async connections => ({ ...(await people()), connections }),
    }),
    await measured({
      name: 'principals',
      description: `Accounts with one session each, a signed assertion for each account; 1 KB responses, ${CONNECTIONS} connections.`,
      xLabel: 'principals',
      points: PRINCIPAL_COUNTS[size],
      subjects: [subject],
      load: count => manySessions('principals', count, index => `user-${index}`),
    }),
    await measured({
      name: 'sessions',
      description: `Sessions of ${FEW_ACCOUNTS} accounts, requests spread over all of them at random; 1 KB responses, ${CONNECTIONS} connections.`,
      xLabel: 'sessions in use',
      points: SESSION_COUNTS[size],
      subjects: [subject],
      load: count => manySessions('sessions', count, index => `one-of-few-${index % FEW_ACCOUNTS}`),
    }),
  ]
  return { kind: 'curves', population, curves, memory }
}

function pageOf(request: LoadRequest, bytes: number): LoadRequest {
  const [name] = Object.entries(pageBytes).find(([, length]) => length === bytes) ?? []
  if (name === undefined) throw new Error(`the origin server has no page of ${bytes} bytes`)
  return { ...request, target: `/${name}`, responseBytes: bytes }
}

/** Seeds what a point has more than the one before it, and spreads requests over all of them. */
function seededLoad({ directory, ...surroundings }: Laboratory, request: LoadRequest) {
  const seeded = new Map<string, string[]>()
  const anyones = asAnyone(request, 'sessions')
  if (anyones === undefined) throw new Error('there is no session in the request')
  return async (what: string, count: number, accountOf: (index: number) => string) => {
    const ids = seeded.get(what) ?? []
    seeded.set(what, ids)
    const accounts = Array.from({ length: count }, (_, index) => accountOf(index)).slice(ids.length)
    ids.push(...(await seedSessions({ ...sessionFiles({ directory, ...surroundings }), accounts })))
    return { connections: CONNECTIONS, requests: [anyones], lists: writeList(directory, 'sessions', ids) }
  }
}

export const curvesFailures = ({ curves }: CurvesResult): string[] =>
  curves.flatMap(({ name, lines }) =>
    (lines.torhaus ?? []).flatMap(({ x, errors }) => (errors > 0 ? `${name} at ${x}: ${errors} errors` : [])),
  )
