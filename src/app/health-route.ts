/** What the supervisor asks each worker, through the same server as everybody; to others it is not there. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OWN_PREFIX } from '../http/request-target.ts'
import { isPrivate } from '../listener/private-entrance.ts'

export const HEALTH_PATH = `${OWN_PREFIX}/health`

/**
 * `otherwise`: what answers everybody else. No record is written, and nothing counted: nobody has asked for anything.
 */
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
