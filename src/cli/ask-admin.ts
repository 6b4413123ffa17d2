/** What a command asks a Torhaus that runs on this machine, at its admin listener: what everybody may know, without a credential. */
import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { isRecord } from '../../config/is-record.ts'
import { reachedAt } from '../../config/loopback.ts'
import type { Config } from '../../config/schema.ts'
import type { Life } from '../process/admin-listener.ts'

const ANSWER_MS = 10_000

/** `HOST:PORT`, for people. */
export const adminPlace = ({ host, port }: Config['admin']): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** What /livez says. Undefined: nobody listens there. Rejects where nothing is known of it. */
export async function lifeAt(admin: Config['admin']): Promise<Life | undefined> {
  try {
    return await ask(admin)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined
    throw new Error(`the admin listener at ${adminPlace(admin)} does not answer like Torhaus`, { cause: error })
  }
}

async function ask({ host, port, tls }: Config['admin']): Promise<Life> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const request = (tls === undefined ? http : https).request({
    ...{ host: reachedAt(host), port, path: '/livez', agent: false, timeout: ANSWER_MS },
    headers: { Host: 'localhost' },
    // Nothing secret is sent, and the certificate may be the very thing that a reload is to replace.
    ...(tls !== undefined && { rejectUnauthorized: false }),
  })
  request.once('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)))
  request.once('error', reject).once('response', resolve).end()
  const answer: unknown = JSON.parse(await text(await promise))
  if (!isRecord(answer) || !isRecord(answer.reloads)) throw new Error('what listens there is not Torhaus')
  return answer as unknown as Life
}
