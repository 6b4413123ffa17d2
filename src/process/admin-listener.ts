/** The admin listener: metrics and health, for the operators' network only. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Readiness } from '../app/readiness.ts'

export interface AdminParts {
  readonly contentType: string
  readonly metrics: () => Promise<string>
  readonly readiness: () => Readiness | Promise<Readiness>
}

export function createAdmin({ contentType, metrics, readiness }: AdminParts): FastifyInstance {
  const admin = fastify({ logger: false, forceCloseConnections: true })
  admin.get('/livez', () => ({ alive: true }))
  admin.get('/readyz', async (_request, reply) => {
    const state = await readiness()
    return reply.code(state.ready ? 200 : 503).send(state)
  })
  admin.get('/metrics', async (_request, reply) => reply.type(contentType).send(await metrics()))
  return admin
}
