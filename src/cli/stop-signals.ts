/**
 * What signals ask of `torhaus start`. Windows sends none: Node makes them of what happens in a console window.
 *
 *   signal     elsewhere         Windows                                    asks for
 *   SIGTERM    service manager   never comes                                a drain
 *   SIGINT     Ctrl-C            Ctrl-C, and the stop of service wrappers   a drain, and nobody must notice first
 *   SIGBREAK   unknown           Ctrl-Break, sent by programs               a drain
 *   SIGHUP     a reload          the console is closed                      a drain in the seconds that Windows gives
 */
import type { Supervisor } from '../process/supervisor.ts'

export interface StopWish {
  /** Whether a balancer gets time to notice: `listener.drainDelayMs` of the configuration in force. */
  readonly isDelayed: boolean
  /** When everything is ended that has not finished, in milliseconds. Otherwise `listener.drainTimeoutMs` counts. */
  readonly withinMs?: number
}

type Wishes = Readonly<Partial<Record<NodeJS.Signals, StopWish | 'reload'>>>

const DRAIN: StopWish = { isDelayed: true }
/** A person at a terminal has no balancer that must notice first. */
const AT_ONCE: StopWish = { isDelayed: false }
/** Windows ends a process 5 s after its console was closed (HandlerRoutine, CTRL_CLOSE_EVENT). */
const CONSOLE_CLOSED: StopWish = { isDelayed: false, withinMs: 4000 }

export const wishesOn = (platform: NodeJS.Platform): Wishes =>
  platform === 'win32'
    ? { SIGTERM: DRAIN, SIGINT: AT_ONCE, SIGBREAK: DRAIN, SIGHUP: CONSOLE_CLOSED }
    : { SIGTERM: DRAIN, SIGINT: AT_ONCE, SIGHUP: 'reload' }

/** Drains when it is asked first, and ends at once when it is asked again: that is a person in a hurry. */
export class Stop {
  readonly #supervisor: Pick<Supervisor, 'drain' | 'kill'>
  readonly #over = Promise.withResolvers<void>()
  #isAsked = false

  constructor(supervisor: Pick<Supervisor, 'drain' | 'kill'>) {
    this.#supervisor = supervisor
  }

  /** Resolves when everything has ended. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  get isAsked(): boolean {
    return this.#isAsked
  }

  /** Returns what is done about it. */
  ask({ isDelayed, withinMs }: StopWish): 'drain' | 'kill' {
    const action = this.#isAsked ? 'kill' : 'drain'
    this.#isAsked = true
    const stopped = action === 'drain' ? this.#supervisor.drain(isDelayed) : this.#kill()
    if (action === 'drain' && withinMs !== undefined) setTimeout(() => void this.#kill(), withinMs).unref()
    void stopped.then(this.#over.resolve)
    return action
  }

  #kill(): Promise<void> {
    return this.#supervisor.kill()
  }
}
