/** Reads decision traces from a log that is being written, and prints each as lines. */
import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { DecisionTrace } from '../../src/observability/decision-trace.ts'
import { printTrace } from '../../src/observability/print-trace.ts'
import { jsonMember } from '../op/json-member.ts'

const POLL_MS = 100
const READ_BYTES = 65_536

export function followTraces(logFile: string, tell: (line: string) => void): { stop(): void } {
  const descriptor = openSync(logFile, 'r')
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const decoder = new StringDecoder()
  let unfinished = ''
  const poll = (): void => {
    for (let bytes = readSync(descriptor, buffer); bytes > 0; bytes = readSync(descriptor, buffer)) {
      const lines = (unfinished + decoder.write(buffer.subarray(0, bytes))).split('\n')
      unfinished = lines.pop() ?? ''
      for (const trace of lines.flatMap(tracesIn)) tell(`\n${printTrace(trace).join('\n')}`)
    }
  }
  const timer = setInterval(poll, POLL_MS).unref()
  return {
    stop() {
      clearInterval(timer)
      closeSync(descriptor)
    },
  }
}

function tracesIn(line: string): DecisionTrace[] {
  try {
    const record: unknown = JSON.parse(line)
    return jsonMember(record, 'event.action') === 'trace' ? [jsonMember(record, 'torhaus.trace') as DecisionTrace] : []
  } catch {
    // The log also holds what is no record: the last words of a process.
    return []
  }
}
