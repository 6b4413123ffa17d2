import type { DecisionTrace, TraceStep } from './decision-trace.ts'
import { type Facts, stepNumberOf } from './trace-facts.ts'

/** Long enough for the longest name of a stage. */
const NAME_WIDTH = 'require-second-factor'.length

/**
 * A trace for people: the request, then one line a stage.
 *
 *   GET /DefaultCollection/ -> 302 redirected in 1.2 ms, request 7f5c...
 *     4 authenticate           knew scheme=none; added principal=anonymous ...; proceed in 0.02 ms
 */
export function printTrace({ method, path, status, outcome, durationMs, requestId, steps }: DecisionTrace): string[] {
  const end = status === undefined ? outcome : `${status} ${outcome}`
  const id = requestId === undefined ? '' : `, request ${requestId}`
  return [`${method} ${path} -> ${end} in ${durationMs} ms${id}`, ...steps.map(lineOf)]
}

function lineOf({ stage, knew, added, decision, code, reason, durationMs }: TraceStep): string {
  const parts = [
    ...written('knew', knew),
    ...written('added', added),
    ...(code === undefined ? [] : [`${code}: ${reason}`]),
    durationMs === undefined ? decision : `${decision} in ${durationMs} ms`,
  ]
  return `  ${stepNumberOf(stage) ?? '-'} ${stage.padEnd(NAME_WIDTH)}  ${parts.join('; ')}`
}

function written(verb: string, facts: Facts): string[] {
  const pairs = Object.entries(facts).map(([name, value]) => `${name}=${value}`)
  return pairs.length === 0 ? [] : [`${verb} ${pairs.join(' ')}`]
}
