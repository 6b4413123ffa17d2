/**
 * How evidence is stored, along with the binding of the record and where the person signed in: as one JSON text in
 * either store. Version 1 had no `v` and no `binding`, and early version 2 had no `from`. Each version ignores what it
 * does not know, so that they can run side by side.
 */
import { isRecord } from '../../config/is-record.ts'
import type { Evidence, TicketEvidence } from '../exchange.ts'
import { knownDevice } from '../http/device.ts'
import { hasShape, isNumber, isText, isTexts, isTrue, oneOf, orAbsent, type Shape } from '../store/record-shape.ts'
import type { SignedInFrom } from './session-store.ts'

export const RECORD_VERSION = 2

/** The longest text of an IPv6 address, without a zone (RFC 4291 2.2). */
const MAX_ADDRESS_LENGTH = 45

export interface StoredEvidence {
  readonly evidence: Evidence
  /** Undefined in records of version 1. */
  readonly binding: string | undefined
  readonly from?: SignedInFrom
}

type Written = Evidence & { readonly v?: number; readonly binding?: string; readonly from?: unknown }

const TICKET: Shape<TicketEvidence> = { indicators: isTexts, sids: isTexts }
const isTicket = (value: unknown): value is TicketEvidence => hasShape(value, TICKET)

const SHAPE: Shape<Written> = {
  ...{ acr: orAbsent(isText), acrs: isTexts, amr: isTexts, authTime: orAbsent(isNumber) },
  ...{ firstFactor: orAbsent(oneOf('negotiate', 'basic')), byPolicy: orAbsent(isTrue) },
  ticket: orAbsent(isTicket),
  ...{ v: orAbsent(isNumber), binding: orAbsent(isText) },
  from: () => true,
}

export function writeEvidence({ evidence, binding, from }: StoredEvidence): string {
  return JSON.stringify({ ...evidence, ...(binding === undefined ? {} : { v: RECORD_VERSION, binding }), from })
}

/**
 * Undefined if the text is invalid, because then it is unknown how the person signed in. From version 2 on, a binding
 * is required.
 */
export function readEvidence(text: string): StoredEvidence | undefined {
  const written = parsed(text)
  if (!hasShape(written, SHAPE)) return undefined
  const { v = 1, binding, acr, acrs, amr, authTime, firstFactor, byPolicy, ticket } = written
  if (v > 1 && binding === undefined) return undefined
  return {
    evidence: {
      ...{ acr, acrs, amr, authTime },
      ...(firstFactor === undefined ? {} : { firstFactor }),
      ...(byPolicy === undefined ? {} : { byPolicy }),
      ...(ticket === undefined ? {} : { ticket: { indicators: ticket.indicators, sids: ticket.sids } }),
    },
    binding: v > 1 ? binding : undefined,
    ...fromOf(written.from),
  }
}

/** What cannot be read is left out; it does not end a session. */
function fromOf(written: unknown): { readonly from?: SignedInFrom } {
  if (!isRecord(written) || typeof written.address !== 'string') return {}
  const address = written.address.slice(0, MAX_ADDRESS_LENGTH)
  return { from: { address, ...knownDevice(written.browser, written.system) } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
