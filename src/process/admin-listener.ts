/** The admin listener: metrics and health, for the operators' network only. */
import { isIP } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import type { Readiness } from '../app/readiness.ts'

export interface AdminParts {
  /** Names it may be asked under, besides addresses and localhost. */
  readonly hostNames: () => readonly string[]
  readonly contentType: string
  readonly metrics: () => Promise<string>
  /** Whether another start of everything would not help. */
  readonly isAlive: () => boolean
  readonly readiness: () => Readiness | Promise<Readiness>
}

export function createAdmin({ hostNames, contentType, metrics, isAlive, readiness }: AdminParts): FastifyInstance {
  const admin = fastify({ logger: false, forceCloseConnections: true })
  // The pages of a name that somebody made lead here (DNS rebinding) must not read what is said here.
  admin.addHook('onRequest', async (request, reply) => {
    if (!isKnownName(request.hostname, hostNames())) return reply.code(421).send({ error: 'unknown host name' })
  })
  admin.get('/livez', (_request, reply) => {
    const alive = isAlive()
    return reply.code(alive ? 200 : 503).send({ alive })
  })
  admin.get('/readyz', async (_request, reply) => {
    const state = await readiness()
    return reply.code(state.ready ? 200 : 503).send(state)
  })
  admin.get('/metrics', async (_request, reply) => reply.type(contentType).send(await metrics()))
  return admin
}

function isKnownName(host: string, names: readonly string[]): boolean {
  // HTTP/1.0 without a Host: a check of a balancer, never a browser.
  if (host === '') return true
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return isIP(name) !== 0 || name === 'localhost' || names.some(known => known.toLowerCase() === name)
}
