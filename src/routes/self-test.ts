import { canonicalAddress } from '../../config/address-range.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { HOLD } from '../http/self-test-hold.ts'
import { CHALLENGE, FORGED_ADDRESS, isChallenge, PROBES } from '../http/self-test-probes.ts'
import { queryOf } from './query-of.ts'
import type { Route } from './reply.ts'

export interface SelfTestKeys {
  /** Of a challenge: one for each session key. */
  proofs(challenge: string): readonly string[]
  /** How long the answer may be held back for who has signed this; 0: not at all. */
  heldSeconds(hold: string): number
}

/** At a time, in this process: more than one `torhaus doctor` needs. */
const MAX_HELD = 4

/**
 * GET /.torhaus/self-test...: refuses, and says in `X-Torhaus-Self-Test` what became of the request on its way here.
 * Whoever asks learns nothing but that: of the own request, in words of a closed set. Asked with a challenge, it also says what
 * only who has the session keys can tell from what another instance says. It waits for who has them, and asks for it.
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

/** `forged`: what the client said of itself is believed. `forwarded`: what a listed proxy said. */
function clientOf({ clientAddress, peerIsTrusted, fields, request }: Traced): 'forged' | 'forwarded' | 'peer' {
  if (clientAddress === FORGED_ADDRESS) return 'forged'
  const { forwarded, 'x-forwarded-for': xForwardedFor } = fields.kept
  const isTold = peerIsTrusted && (forwarded ?? xForwardedFor) !== undefined
  return isTold || clientAddress !== canonicalAddress(request.socket.remoteAddress ?? '') ? 'forwarded' : 'peer'
}
