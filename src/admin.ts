/** The admin listener: metrics and health, for the operators' network only. */
import fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'

export interface Readiness {
  readonly ready: boolean
  /** Parts and how they are; shown at /readyz. */
  readonly parts: Readonly<Record<string, string>>
}

export function createAdmin(registry: Registry, readiness: () => Readiness): FastifyInstance {
  const admin = fastify({ logger: false, forceCloseConnections: true })
  admin.get('/livez', () => ({ alive: true }))
  admin.get('/readyz', (_request, reply) => {
    const state = readiness()
    return reply.code(state.ready ? 200 : 503).send(state)
  })
  admin.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  return admin
}
