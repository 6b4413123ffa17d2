import { canonicalAddress } from '../../config/address-range.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { queryValues } from '../http/query.ts'
import { CHALLENGE, FORGED_ADDRESS, isChallenge, PROBES } from '../http/self-test-probes.ts'
import type { Route } from './reply.ts'

/** Of a challenge: one for each session key. */
export type KeyProofs = (challenge: string) => readonly string[]

/**
 * GET /.torhaus/self-test...: refuses, and says in `X-Torhaus-Self-Test` what became of the request on its way here.
 * Whoever asks learns nothing but that: of the own request, in words of a closed set. Asked with a challenge, it also says what
 * only who has the session keys can tell from what another instance says.
 */
export function selfTest(proofsOf: KeyProofs): Route {
  return exchange => ({
    status: 400,
    fields: [
      ...['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store', 'X-Torhaus-Error', 'self-test'],
      ...[
        'X-Torhaus-Self-Test',
        `target=${targetOf(exchange)}, client=${clientOf(exchange)}${keysOf(exchange, proofsOf)}`,
      ],
    ],
    text: JSON.stringify({ type: 'urn:torhaus:error:self-test', status: 400, code: 'self-test' }),
    fault: new Fault('self-test'),
  })
}

function keysOf({ target }: Traced, proofsOf: KeyProofs): string {
  const [challenge = ''] = queryValues(target.raw, CHALLENGE)
  return isChallenge(challenge) ? `, keys=${proofsOf(challenge).join('+')}` : ''
}

function targetOf({ target }: Traced): 'intact' | 'changed' | 'unknown' {
  const [name = ''] = queryValues(target.raw, 'probe')
  const probe = Object.hasOwn(PROBES, name) ? PROBES[name] : undefined
  if (probe === undefined) return 'unknown'
  return probe.target === target.raw ? 'intact' : 'changed'
}

/** `forged`: what the client said of itself is believed. `forwarded`: what a listed proxy said. */
function clientOf({ clientAddress, peerIsTrusted, fields, request }: Traced): 'forged' | 'forwarded' | 'peer' {
  if (clientAddress === FORGED_ADDRESS) return 'forged'
  const { forwarded, 'x-forwarded-for': xForwardedFor } = fields.kept
  const isTold = peerIsTrusted && (forwarded ?? xForwardedFor) !== undefined
  return isTold || clientAddress !== canonicalAddress(request.socket.remoteAddress ?? '') ? 'forwarded' : 'peer'
}
