/**
 * How evidence is stored, with what binds the record: one JSON text in either store. Version 1 had no `v` and no
 * `binding`; it ignores both, so that the two run side by side.
 */
import type { Evidence, TicketEvidence } from '../exchange.ts'
import { hasShape, isNumber, isText, isTexts, isTrue, oneOf, orAbsent, type Shape } from '../store/record-shape.ts'

export const RECORD_VERSION = 2

export interface StoredEvidence {
  readonly evidence: Evidence
  /** Undefined in records of version 1. */
  readonly binding: string | undefined
}

type Written = Evidence & { readonly v?: number; readonly binding?: string }

const TICKET: Shape<TicketEvidence> = { indicators: isTexts, sids: isTexts }
const isTicket = (value: unknown): value is TicketEvidence => hasShape(value, TICKET)

const SHAPE: Shape<Written> = {
  ...{ acr: orAbsent(isText), acrs: isTexts, amr: isTexts, authTime: orAbsent(isNumber) },
  ...{ firstFactor: orAbsent(oneOf('negotiate', 'basic')), byPolicy: orAbsent(isTrue) },
  ticket: orAbsent(isTicket),
  ...{ v: orAbsent(isNumber), binding: orAbsent(isText) },
}

export function writeEvidence({ evidence, binding }: StoredEvidence): string {
  return JSON.stringify(binding === undefined ? evidence : { ...evidence, v: RECORD_VERSION, binding })
}

/**
 * Undefined where it is none: nobody can say how that person signed in. From version 2 on a record is bound, or it is
 * none.
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
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
