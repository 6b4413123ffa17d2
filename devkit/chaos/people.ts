/** People who work with the server while others attack it: how long they wait, and what fails. */
import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Sample {
  readonly endedAtMs: number
  readonly tookMs: number
  /** Undefined: answered as it should be. */
  readonly failure: string | undefined
}

export interface PeopleSettings {
  /** Of the proxy. */
  readonly url: string
  readonly fields: readonly http.OutgoingHttpHeaders[]
}

const PACE_MS = 40
const TIMEOUT_MS = 10_000
/** As many to one host as browsers have. */
const KEPT = { keepAlive: true, maxSockets: 6 }

/**
 * Each on connections that are kept, as browsers do, and half of them often on a new one; so many requests a second,
 * whether those before are answered or not. Runs until `signal`; `samples` grows.
 */
export async function runPeople(
  { url, fields }: PeopleSettings,
  samples: Sample[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    fields.map(async (headers, index) => {
      const library = url.startsWith('https') ? https : http
      const agent = new library.Agent({ ...KEPT, rejectUnauthorized: false } as https.AgentOptions)
      const visit = async (isNew: boolean) => {
        const begun = performance.now()
        let failure: string | undefined = 'stale'
        // As browsers do, until it is a new one: the connection was closed just before it was used again.
        for (let tries = 0; failure === 'stale' && tries <= KEPT.maxSockets; tries++)
          failure = await get(url, { headers, agent: isNew ? false : agent, rejectUnauthorized: false })
        const endedAtMs = performance.now()
        samples.push({ endedAtMs, tookMs: endedAtMs - begun, failure })
      }
      const visits: Promise<void>[] = []
      const firstAtMs = performance.now() + (index * PACE_MS) / fields.length
      for (let count = 0; !signal.aborted; count++) {
        await sleep(Math.max(0, firstAtMs + count * PACE_MS - performance.now()))
        visits.push(visit(index % 2 === 1 && count % 4 === 0))
      }
      await Promise.all(visits)
      agent.destroy()
    }),
  )
}

function get(url: string, options: https.RequestOptions): Promise<string | undefined> {
  return new Promise(resolve => {
    const library = url.startsWith('https') ? https : http
    const request = library.get(url, options, response => {
      const { statusCode } = response.resume()
      response.on('end', () => resolve(statusCode === 200 ? undefined : String(statusCode)))
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    })
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('timeout')))
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(request.reusedSocket && error.message !== 'timeout' ? 'stale' : (error.code ?? error.message)),
    )
  })
}

/** The time that 99 in 100 do not exceed. */
export function p99(samples: readonly Sample[]): number {
  const times = samples.map(({ tookMs }) => tookMs).sort((one, other) => one - other)
  return times[Math.floor(times.length * 0.99)] ?? 0
}
