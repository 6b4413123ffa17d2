/**
 * The admin listener: metrics, health and the pages for operators, for their network only. Whether it lives and whether it is ready
 * everybody may ask, as balancers and service managers do; what it counts and how its parts are, those who are allowed.
 */
import type { RequestListener } from 'node:http'
import { isIP, type Server } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { bareHost } from '../../config/bare-host.ts'
import type { Readiness } from '../app/readiness.ts'
import { addOperatorRoutes, type OperatorParts } from '../operator/operator-routes.ts'
import type { AdminCheck } from './admin-credential.ts'
import type { Exposition } from './open-metrics.ts'

/** What everybody may know. */
export interface Life {
  readonly alive: boolean
  /** Since the start: how many brought a new configuration into force, and how many did not. */
  readonly reloads: Readonly<Record<'success' | 'failure', number>>
}

export interface AdminParts {
  /** Names it may be asked under, besides addresses and localhost. */
  readonly hostNames: () => readonly string[]
  readonly isAllowed: AdminCheck
  /** Whether a credential is configured; without, `isAllowed` is everybody. */
  readonly hasCredential: () => boolean
  readonly serverFactory: (handler: RequestListener) => Server
  /** `accept`: the field of whoever asks. */
  readonly metrics: (accept: string | undefined) => Promise<Exposition>
  /** Whether another start of everything would not help. */
  readonly isAlive: () => boolean
  readonly reloads: () => Life['reloads']
  readonly readiness: () => Readiness | Promise<Readiness>
  readonly operator: OperatorParts
}

export function createAdmin(parts: AdminParts): FastifyInstance {
  const { hostNames, isAllowed, metrics, isAlive, reloads, readiness, hasCredential } = parts
  const serverFactory = (handler: RequestListener) => parts.serverFactory(handler) as FastifyInstance['server']
  const admin = fastify({ logger: false, forceCloseConnections: true, serverFactory })
  // The pages of a name that somebody made lead here (DNS rebinding) must not read what is said here.
  admin.addHook('onRequest', async (request, reply) => {
    if (!isKnownName(request.hostname, hostNames())) return reply.code(421).send({ error: 'unknown host name' })
  })
  admin.get('/livez', (_request, reply) => {
    const alive = isAlive()
    const life: Life = { alive, reloads: reloads() }
    return reply.code(alive ? 200 : 503).send(life)
  })
  admin.get('/readyz', async (request, reply) => {
    const state = await readiness()
    const { ready } = state
    return reply.code(ready ? 200 : 503).send(isAllowed(request.headers.authorization) ? state : { ready })
  })
  admin.get('/metrics', async ({ headers }, reply) => {
    if (!isAllowed(headers.authorization)) return challenge(reply)
    const { contentType, text } = await metrics(headers.accept)
    return reply.type(contentType).send(text)
  })
  addOperatorRoutes(admin, parts.operator, { readiness, hasCredential, isAllowed, challenge })
  return admin
}

const challenge = (reply: FastifyReply) =>
  reply
    .code(401)
    .header('WWW-Authenticate', ['Bearer realm="torhaus-admin"', 'Basic realm="torhaus-admin", charset="UTF-8"'])
    .send({ error: 'the credential of admin.credentialFile is needed' })

function isKnownName(host: string, names: readonly string[]): boolean {
  // HTTP/1.0 without a Host: a check of a balancer, never a browser.
  if (host === '') return true
  const name = bareHost(host.toLowerCase())
  return isIP(name) !== 0 || name === 'localhost' || names.some(known => known.toLowerCase() === name)
}
