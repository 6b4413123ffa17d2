import type { Socket } from 'node:net'
import type { Forwarded } from '../../middleware/forward.ts'
import { Fault } from '../errors.ts'
import type { AwaitedContent } from '../listener/awaited-content.ts'
import type { Turn, Turns } from '../listener/turns.ts'
import type { ExchangeRecord } from '../observability/exchange-record.ts'
import { type RefusalSettings, sendRefusal } from '../refusal/refusal.ts'

export interface OpenExchange extends Turn {
  readonly record: ExchangeRecord
  /** Once it was passed on to the upstream. */
  forwarded: Forwarded | undefined
}

interface FailSettings {
  readonly refusal: RefusalSettings
}

/** Something went wrong: the client reads what the table says, the log says what lies behind. */
export function fail(parts: FailSettings, record: ExchangeRecord, fault: Fault): void {
  record.outcome = 'failed'
  record.code = fault.code
  record.cause = fault.cause
  const help = fault.signIn === undefined ? {} : { signIn: fault.signIn }
  if (record.known.response.headersSent) record.known.response.destroy()
  else record.responseBytes = sendRefusal(record.known, fault.code, parts.refusal, help)
}

/** The rest of the request will not come. False: there is nothing to answer any more. */
export function breakOff(parts: FailSettings, open: OpenExchange | undefined, socket: Socket, fault: Fault): boolean {
  if (open === undefined || open.response.closed) return false
  const { request, response } = open
  const isKept = response.shouldKeepAlive
  response.shouldKeepAlive = false
  // The request itself came through: it gets its answer, and what followed it is lost, however much more comes.
  if (request.complete) {
    if (isKept) response.once('close', () => socket.destroySoon())
  } else if (response.socket === null) socket.destroy()
  else if (open.forwarded !== undefined) open.forwarded.breakOff(fault)
  else if (!response.writableEnded) fail(parts, open.record, fault)
  return true
}

/** What the listener asks when it wants room for one more connection. */
export function roomFor(parts: FailSettings & { turns: Turns<OpenExchange>; awaited: AwaitedContent }) {
  return {
    lastExchange: (socket: Socket) => parts.turns.last(socket),
    servesPerson: (socket: Socket) => parts.turns.last(socket)?.servedPerson === true,
    onPaceUntilMs(socket: Socket): number | undefined {
      const open = parts.turns.latest(socket)
      if (open === undefined || open.request.complete) return undefined
      // Until it is decided, and at our own pages, nobody is known.
      return open.forwarded === undefined ? open.record.known.arrivedAtMs : parts.awaited.onPaceUntilMs(open.request)
    },
    breakOff(socket: Socket): void {
      breakOff(parts, parts.turns.latest(socket), socket, new Fault('unproven-share-exceeded'))
    },
  }
}
