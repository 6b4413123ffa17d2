/** The health check of each worker by the supervisor, through the same server as all requests; hidden from others. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OWN_PREFIX } from '../http/request-target.ts'
import { isPrivate } from '../listener/private-entrance.ts'

export const HEALTH_PATH = `${OWN_PREFIX}/health`

/** `otherwise` answers everybody else. A health check is not recorded or counted. */
export function addHealthRoute(
  app: FastifyInstance,
  otherwise: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  const onRequest = (request: FastifyRequest, reply: FastifyReply) => {
    if (!isPrivate(request.raw.socket)) return otherwise(request, reply)
    reply.hijack()
    reply.raw.writeHead(204, { Connection: 'close' }).end()
  }
  app.get(HEALTH_PATH, { onRequest }, () => undefined)
}
