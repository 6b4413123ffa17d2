import type { Delegated } from '../exchange.ts'
import { METHODS, send } from './refusal.ts'

/** Answers an OPTIONS request that must not be forwarded (RFC 9110 7.6.2). Returns the bytes of its content. */
export const sendMethods = (exchange: Delegated): number =>
  send(exchange, 200, ['Allow', METHODS, 'X-Request-Id', exchange.requestId], '')
