import type { Decision, Refusal, Stage } from './decision.ts'
import { type Fault, toFault } from './errors.ts'
import type { Arrival, PartialExchange } from './exchange.ts'

/** How a chain of stages ended: all passed, or the stage that refused and what was known by then. */
export type ChainResult<Out> =
  | { readonly passed: true; readonly exchange: Out }
  | {
      readonly passed: false
      readonly stage: string
      readonly known: PartialExchange
      readonly refusal: Refusal | Fault
    }

interface NamedStage {
  readonly name: string
  readonly run: Stage<unknown, unknown>
}

/**
 * Stages in a row, each fed with what the one before returned. Runs synchronously as long as the stages answer
 * synchronously. Never throws: a fault becomes the verdict.
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
    // The types of neighbours are proven to fit by this signature; inside the list they no longer matter.
    return new StageChain<In, Next>([...this.#stages, { name, run: run as Stage<unknown, unknown> }])
  }

  run(exchange: In): ChainResult<Out> | Promise<ChainResult<Out>> {
    return this.#runFrom(0, exchange) as ChainResult<Out> | Promise<ChainResult<Out>>
  }

  #runFrom(first: number, exchange: unknown): ChainResult<unknown> | Promise<ChainResult<unknown>> {
    let known = exchange
    for (let index = first; index < this.#stages.length; index++) {
      const stage = this.#stages[index] as NamedStage
      const fail = (error: unknown) => refused(stage.name, known, toFault(error))
      let decision: Decision<unknown> | Promise<Decision<unknown>>
      try {
        decision = stage.run(known)
      } catch (error) {
        return fail(error)
      }
      if (decision instanceof Promise) {
        return decision.then(
          settled =>
            settled.kind === 'proceed'
              ? this.#runFrom(index + 1, settled.exchange)
              : refused(stage.name, known, settled),
          fail,
        )
      }
      if (decision.kind !== 'proceed') return refused(stage.name, known, decision)
      known = decision.exchange
    }
    return { passed: true, exchange: known }
  }
}

function refused(stage: string, known: unknown, refusal: Refusal | Fault): ChainResult<never> {
  return { passed: false, stage, known: known as PartialExchange, refusal }
}
