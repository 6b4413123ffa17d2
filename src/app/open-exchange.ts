import type { Socket } from 'node:net'
import type { Forwarded } from '../../middleware/forward.ts'
import { Fault } from '../errors.ts'
import type { AwaitedContent } from '../listener/awaited-content.ts'
import type { Turn, Turns } from '../listener/turns.ts'
import type { ExchangeRecord } from '../observability/exchange-record.ts'
import { type RefusalSettings, sendRefusal } from '../refusal/refusal.ts'

export interface OpenExchange extends Turn {
  readonly record: ExchangeRecord
  /** Set once it is forwarded to the upstream. */
  forwarded: Forwarded | undefined
}

interface FailSettings {
  readonly refusal: RefusalSettings
}

/** Ends an exchange with a fault: the client gets the sentence of the error table, the log gets the cause. */
export function fail(parts: FailSettings, record: ExchangeRecord, fault: Fault): void {
  record.outcome = 'failed'
  record.code = fault.code
  record.cause = fault.cause
  const help = fault.signIn === undefined ? {} : { signIn: fault.signIn }
  if (record.known.response.headersSent) record.known.response.destroy()
  else record.responseBytes = sendRefusal(record.known, fault.code, parts.refusal, help)
}

/** Ends an exchange whose request will not be completed. False: there is nothing left to answer. */
export function breakOff(parts: FailSettings, open: OpenExchange | undefined, socket: Socket, fault: Fault): boolean {
  if (open === undefined || open.response.closed) return false
  const { request, response } = open
  const isKept = response.shouldKeepAlive
  response.shouldKeepAlive = false
  // The request is complete: it is answered, and anything after it is discarded.
  if (request.complete) {
    if (isKept) response.once('close', () => socket.destroySoon())
  } else if (response.socket === null) socket.destroy()
  else if (open.forwarded !== undefined) open.forwarded.breakOff(fault)
  else if (!response.writableEnded) fail(parts, open.record, fault)
  return true
}

/** What the listener needs to make room for another connection. */
export function roomFor(parts: FailSettings & { turns: Turns<OpenExchange>; awaited: AwaitedContent }) {
  return {
    lastExchange: (socket: Socket) => parts.turns.last(socket),
    servesPerson: (socket: Socket) => parts.turns.last(socket)?.servedPerson === true,
    onPaceUntilMs(socket: Socket): number | undefined {
      const open = parts.turns.latest(socket)
      if (open === undefined || open.request.complete) return undefined
      // The client is unknown until the policy has decided, and at Torhaus' own pages.
      return open.forwarded === undefined ? open.record.known.arrivedAtMs : parts.awaited.onPaceUntilMs(open.request)
    },
    breakOff(socket: Socket): void {
      breakOff(parts, parts.turns.latest(socket), socket, new Fault('unproven-share-exceeded'))
    },
  }
}
