import type { Config } from '../../config/schema.ts'
import type { MonotonicClock } from '../clock.ts'
import { FairLedger } from '../fair-ledger.ts'
import { RequestRate, type RequestRateSettings } from '../limits/request-rate.ts'
import { AwaitedContent } from '../listener/awaited-content.ts'
import type { IntakeLimits } from '../listener/intake.ts'
import { PaceKeeper } from '../listener/pace.ts'

export function intakeLimits({ listener, shares }: Config, monotonic: MonotonicClock): IntakeLimits {
  const { minRequestRate, minResponseRate, rateGraceMs: graceMs } = listener
  return {
    keeper: new PaceKeeper(monotonic),
    sending: { minRate: minRequestRate, graceMs },
    reading: { minRate: minResponseRate, graceMs },
    unproven: { minRate: shares.unprovenMinRate, graceMs },
    ledger: new FairLedger(shares.unprovenBufferTotalBytes),
    maxBytes: shares.unprovenBufferBytes,
    awaited: new AwaitedContent(),
  }
}

export function requestRates({ shares }: Config, monotonic: MonotonicClock) {
  const rateOf = (settings: RequestRateSettings | undefined) => settings && new RequestRate(settings, monotonic)
  return { client: rateOf(shares.requestsPerClient), account: rateOf(shares.requestsPerAccount) }
}
