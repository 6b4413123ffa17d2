import type { Decision, Refusal, Stage } from './decision.ts'
import { type Fault, toFault } from './errors.ts'
import type { Arrival, PartialExchange } from './exchange.ts'

/** The result of a chain of stages: all passed, or one refused, with what was known at that point. */
export type ChainResult<Out> =
  | { readonly passed: true; readonly exchange: Out }
  | {
      readonly passed: false
      readonly stage: string
      readonly known: PartialExchange
      readonly refusal: Refusal | Fault
    }

/** Receives the decision of each stage, and the exchange before it. It only observes, and must not throw. */
export interface StageObserver {
  onDecision(stage: string, known: PartialExchange, decision: Decision<unknown> | Fault): void
}

interface NamedStage {
  readonly name: string
  readonly run: Stage<unknown, unknown>
}

/**
 * A sequence of stages; each takes what the one before returned. Runs synchronously as long as the stages answer
 * synchronously. Never throws: a fault becomes the result.
 */
export class StageChain<In extends Arrival, Out extends Arrival> {
  readonly #stages: readonly NamedStage[]

  private constructor(stages: readonly NamedStage[]) {
    this.#stages = stages
  }

  static of<In extends Arrival>(): StageChain<In, In> {
    return new StageChain<In, In>([])
  }

  stage<Next extends Arrival>(name: string, run: Stage<Out, Next>): StageChain<In, Next> {
    // This signature proves that adjacent types fit; inside the list, they no longer matter.
    return new StageChain<In, Next>([...this.#stages, { name, run: run as Stage<unknown, unknown> }])
  }

  run(exchange: In, observer?: StageObserver): ChainResult<Out> | Promise<ChainResult<Out>> {
    return this.#runFrom(0, exchange, observer) as ChainResult<Out> | Promise<ChainResult<Out>>
  }

  #runFrom(
    first: number,
    exchange: unknown,
    observer: StageObserver | undefined,
  ): ChainResult<unknown> | Promise<ChainResult<unknown>> {
    let known = exchange
    for (let index = first; index < this.#stages.length; index++) {
      const stage = this.#stages[index] as NamedStage
      const fail = (error: unknown) => {
        const fault = toFault(error)
        observer?.onDecision(stage.name, known as PartialExchange, fault)
        return refused(stage.name, known, fault)
      }
      let decision: Decision<unknown> | Promise<Decision<unknown>>
      try {
        decision = stage.run(known)
      } catch (error) {
        return fail(error)
      }
      if (decision instanceof Promise) {
        return decision.then(settled => {
          observer?.onDecision(stage.name, known as PartialExchange, settled)
          return settled.kind === 'proceed'
            ? this.#runFrom(index + 1, settled.exchange, observer)
            : refused(stage.name, known, settled)
        }, fail)
      }
      observer?.onDecision(stage.name, known as PartialExchange, decision)
      if (decision.kind !== 'proceed') return refused(stage.name, known, decision)
      known = decision.exchange
    }
    return { passed: true, exchange: known }
  }
}

function refused(stage: string, known: unknown, refusal: Refusal | Fault): ChainResult<never> {
  return { passed: false, stage, known: known as PartialExchange, refusal }
}
