/** Sign-outs with instances behind a balancer: when they count, and whether anybody passes after them. */
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosEnvironment } from './environment.ts'
import type { Instance } from './instance.ts'

/** On connections of their own, so that each worker answers some. */
const TIMES = 8

/** Status of a request to one instance itself, past the balancer. */
function statusAt(
  instance: Instance,
  cookie: string,
  options: { method?: string; path: string; origin?: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path, origin } = options
    const request = https.request(
      { host: '127.0.0.1', port: instance.port, method, path, rejectUnauthorized: false, agent: false },
      response => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    request.setHeader('Cookie', cookie)
    if (origin !== undefined) request.setHeader('Origin', origin)
    request.on('error', reject).end()
  })
}

export const WHOAMI = '/DefaultCollection/_apis/whoami'

export const isIn = async (instance: Instance, cookie: string): Promise<boolean> =>
  (await statusAt(instance, cookie, { path: WHOAMI })) === 200

const askToSignOut = (instance: Instance, cookie: string, origin: string) =>
  statusAt(instance, cookie, { method: 'POST', path: '/.torhaus/sign-out', origin })

/** Where somebody answers; 503 says that it is not known everywhere yet, and it must be later: the cookie is gone. */
export async function signOut({ instances, traffic }: ChaosEnvironment, cookie: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++, await sleep(100))
    for (const instance of instances) {
      const status = await askToSignOut(instance, cookie, traffic.url).catch(() => 0)
      if (status === 303 || status === 503) return
    }
  throw new Error('nobody answers a sign-out')
}

/** Requests with the cookie that passed. */
export async function countPassing({ instances }: ChaosEnvironment, cookie: string): Promise<number> {
  let passed = 0
  for (const instance of instances) for (let time = 0; time < TIMES; time++) if (await isIn(instance, cookie)) passed++
  return passed
}

/** From the sign-out at one instance until each of many requests at the other is refused, in milliseconds. */
export async function measureSignOut({
  instances: [one, two],
  newSession,
  traffic,
}: ChaosEnvironment): Promise<number> {
  const cookie = await newSession()
  for (let count = 0; count < 8; count++) await statusAt(two, cookie, { path: WHOAMI })
  const status = await askToSignOut(one, cookie, traffic.url)
  if (status !== 303) throw new Error(`the sign-out was answered ${status}`)
  const begun = performance.now()
  // Eight in a row, so that both workers were asked.
  for (let refused = 0; refused < 8; )
    refused = (await statusAt(two, cookie, { path: WHOAMI })) === 401 ? refused + 1 : 0
  return Math.round(performance.now() - begun)
}
