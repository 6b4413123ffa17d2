/** W3C Trace Context: which trace a request belongs to. */

export interface TraceContext {
  readonly traceId: string
  /** The span of who sent it. */
  readonly parentId: string
  readonly isSampled: boolean
}

/** Version, trace-id, parent-id, flags; what later versions append (3.2.4) is ignored. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1

/** Undefined if the field is malformed or occurs twice, and so must be ignored (4.3). */
export function readTraceparent(value: string | undefined): TraceContext | undefined {
  if (value === undefined) return undefined
  const [, version, traceId, parentId, flags = '', more] = TRACEPARENT.exec(value) ?? []
  if (traceId === undefined || parentId === undefined || (version === '00' && more !== undefined)) return undefined
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 }
}
