/** How long and how often everything is measured. */
export interface Durations {
  readonly rounds: number
  /** Once: later rounds find the compiled code and the caches of the ones before. */
  readonly warmUpS: number
  /** Again, until each of a population was asked for so many times on average: the first time costs more. */
  readonly warmUpTimes: number
  readonly saturationS: number
  readonly latencyRounds: number
  readonly constantRateS: number
  /** Of the scenario's constant rate. */
  readonly rateShare: number
  /** In a turn, in place of its time, where each request may be sent once only. */
  readonly freshRequests: number
  readonly signInRounds: number
  /** Of the scenario's tunnels. */
  readonly tunnelShare: number
  readonly idleS: number
  /** With Redis: at such a rate for so long, and as long before. */
  readonly steadyRps: number
  readonly steadyS: number
  /** Of the scenario's handshakes. */
  readonly handshakeShare: number
}

/**
 * Many short rounds: on a shared machine the median of five turns that alternate says more than one long turn. With all
 * peers a scenario ends within four minutes.
 */
export const FULL: Durations = {
  rounds: 5,
  warmUpS: 3,
  warmUpTimes: 3,
  saturationS: 2,
  latencyRounds: 2,
  constantRateS: 4,
  rateShare: 1,
  freshRequests: 20_000,
  signInRounds: 3,
  tunnelShare: 1,
  idleS: 10,
  steadyRps: 3000,
  steadyS: 60,
  handshakeShare: 1,
}

export const SHORT: Durations = {
  rounds: 1,
  warmUpS: 1,
  warmUpTimes: 0,
  saturationS: 2,
  latencyRounds: 1,
  constantRateS: 2,
  rateShare: 0.5,
  freshRequests: 1000,
  signInRounds: 1,
  tunnelShare: 0.1,
  idleS: 2,
  steadyRps: 300,
  steadyS: 2,
  handshakeShare: 0.1,
}
