/** What does the record of an exchange cost: the log line (written to /dev/null) and the metrics? */

import { openSync } from 'node:fs'
import { bench, group } from 'mitata'
import { destination } from 'pino'
import { accessLog } from '../../src/observability/access-log.ts'
import { newRecord } from '../../src/observability/exchange-record.ts'
import { createLog } from '../../src/observability/log.ts'
import { openLogOutput } from '../../src/observability/log-output.ts'
import { Metrics } from '../../src/observability/metrics.ts'
import { system } from '../../src/system.ts'
import { createPolicyUnderTest, decide } from './policy-parts.ts'

const { policy, arrivals, close } = await createPolicyUnderTest()
export const undo = close

const record = newRecord(await decide(policy, arrivals.session))
const { arrivedAtMs } = arrivals.session
Object.assign(record, { outcome: 'forwarded', stage: 'forward', responseBytes: 1024 })
Object.assign(record, { decidedAtMs: arrivedAtMs + 0.1, upstreamFirstByteAtMs: arrivedAtMs + 2.5 })
const closedAtMs = arrivedAtMs + 2.75

const metrics = new Metrics(system)
const atOnce = accessLog(
  createLog({ level: 'info' }, destination({ dest: '/dev/null', sync: true }), system.now),
  system.now,
)
const inBatches = accessLog(
  createLog({ level: 'info' }, openLogOutput({ descriptor: openSync('/dev/null', 'w') }), system.now),
  system.now,
)
const silent = accessLog(
  createLog({ level: 'error' }, destination({ dest: '/dev/null', sync: true }), system.now),
  system.now,
)

group('record', () => {
  bench('log line, written at once', () => atOnce(record, closedAtMs))
  bench('log line, in batches, as shipped', () => inBatches(record, closedAtMs))
  bench('log line, below the level', () => silent(record, closedAtMs))
  bench('metrics', () => metrics.exchange(record, closedAtMs))
})
