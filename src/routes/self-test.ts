import { canonicalAddress } from '../../config/address-range.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { HOLD } from '../http/self-test-hold.ts'
import { CHALLENGE, FORGED_ADDRESS, isChallenge, PROBES } from '../http/self-test-probes.ts'
import { queryOf } from './query-of.ts'
import type { Route } from './reply.ts'

export interface SelfTestKeys {
  /** Proofs for a challenge, one per session key. */
  proofs(challenge: string): readonly string[]
  /** How long, in seconds, a holder of the session keys asked to delay the response; 0: no valid request. */
  heldSeconds(hold: string): number
}

/** Most delayed responses at a time in this process: more than one `torhaus doctor` needs. */
const MAX_HELD = 4

/**
 * GET /.torhaus/self-test...: refuses, and reports in `X-Torhaus-Self-Test` how the request arrived. The client learns
 * only that, about its own request, in words of a closed set. With a challenge, it also gets proofs of the session
 * keys, which only a holder of the same keys can compare. A holder of the keys can have it delayed.
 */
export function selfTest(keys: SelfTestKeys): Route {
  let held = 0
  const hold = async (exchange: Traced): Promise<string> => {
    const text = queryOf(exchange).get(HOLD)
    const seconds = text === null || held >= MAX_HELD ? 0 : keys.heldSeconds(text)
    if (seconds === 0) return ''
    held++
    await closedOrAfter(exchange.response, seconds * 1000)
    held--
    return `, held=${seconds}`
  }
  return async exchange => ({
    status: 400,
    fields: [
      ...['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store', 'X-Torhaus-Error', 'self-test'],
      ...[
        'X-Torhaus-Self-Test',
        `target=${targetOf(exchange)}, client=${clientOf(exchange)}${keysOf(exchange, keys)}${await hold(exchange)}`,
      ],
    ],
    text: JSON.stringify({ type: 'urn:torhaus:error:self-test', status: 400, code: 'self-test' }),
    fault: new Fault('self-test'),
  })
}

function closedOrAfter(response: Traced['response'], ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  response.once('close', resolve)
  return promise.finally(() => {
    clearTimeout(timer)
    response.off('close', resolve)
  })
}

function keysOf(exchange: Traced, keys: SelfTestKeys): string {
  const challenge = queryOf(exchange).get(CHALLENGE) ?? ''
  return isChallenge(challenge) ? `, keys=${keys.proofs(challenge).join('+')}` : ''
}

function targetOf(exchange: Traced): 'intact' | 'changed' | 'unknown' {
  const name = queryOf(exchange).get('probe') ?? ''
  const probe = Object.hasOwn(PROBES, name) ? PROBES[name] : undefined
  if (probe === undefined) return 'unknown'
  return probe.target === exchange.target.raw ? 'intact' : 'changed'
}

/** `forged`: the client's own statement was believed. `forwarded`: that of a trusted proxy. */
function clientOf({ clientAddress, peerIsTrusted, fields, request }: Traced): 'forged' | 'forwarded' | 'peer' {
  if (clientAddress === FORGED_ADDRESS) return 'forged'
  const { forwarded, 'x-forwarded-for': xForwardedFor } = fields.kept
  const isTold = peerIsTrusted && (forwarded ?? xForwardedFor) !== undefined
  return isTold || clientAddress !== canonicalAddress(request.socket.remoteAddress ?? '') ? 'forwarded' : 'peer'
}
