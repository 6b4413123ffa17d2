/**
 * People at every instance: most stay, and must be in afterwards; some leave in the midst of the fault, and whoever has
 * their cookies must not be.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BrowserClient } from '../clients/browser-client.ts'
import { formTo } from '../clients/own-forms.ts'
import type { FaultResult, Leaving } from './fault.ts'
import type { Instance } from './instance.ts'
import { CACHE_MS, type StateEnvironment } from './state-environment.ts'
import type { Counts } from './traffic.ts'

const STAYING = 8
const ARRIVAL_MS = 600
const PACE_MS = 100
/** Signing out counts everywhere after that, also where processes do not hear each other. */
const NOTICED_MS = 2 * CACHE_MS
const SETTLE_MS = 2500
/** On connections of their own, so that each worker answers some. */
const TIMES = 6
const STILL_IN = Number.POSITIVE_INFINITY
const ANSWERED_WITHIN_MS = 15_000

interface Leaver {
  readonly browser: BrowserClient
  readonly page: string
  readonly path: string
  readonly at: Instance
  /** What the form sends, whose page was opened before. */
  form: Readonly<Record<string, string>>
  /** When the sign-out was answered with success. */
  leftAtMs: number
}

export class StatePeople {
  readonly #environment: StateEnvironment
  readonly #staying: BrowserClient[] = []
  #leavers: Leaver[] = []
  #result: FaultResult | undefined

  constructor(environment: StateEnvironment) {
    this.#environment = environment
  }

  /** Signs them in one by one, so that their refreshes are spread. */
  async arrive(): Promise<void> {
    for (; this.#staying.length < STAYING; await sleep(ARRIVAL_MS)) this.#staying.push(await this.#known())
  }

  /** Works until `signal`, each at one instance after the other. */
  async work(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#staying.map(async browser => {
        for (let turn = 0; !signal.aborted; turn++) {
          const instance = this.#instances[turn % this.#instances.length] as Instance
          if (this.#result !== undefined) await count(this.#result.counts, () => ask(browser, instance))
          await sleep(PACE_MS, undefined, { signal }).catch(() => undefined)
        }
      }),
    )
  }

  async endure(result: FaultResult, happen: (leaving: Leaving) => Promise<void>): Promise<void> {
    const [first, last] = [this.#instances[0] as Instance, this.#instances.at(-1) as Instance]
    this.#leavers = [
      await this.#leaver(first, '/.torhaus/sign-out', '/.torhaus/sign-out'),
      await this.#leaver(last, '/.torhaus/', '/.torhaus/sign-out-everywhere'),
    ]
    this.#result = result
    const over = new AbortController()
    const watched = this.#watch(result, over.signal)
    try {
      await happen({ leave: () => this.#leave() })
      // Whoever was told that it did not work tries again.
      for (const deadline = Date.now() + ANSWERED_WITHIN_MS; this.#someAreIn && Date.now() < deadline; ) {
        await sleep(PACE_MS)
        await this.#leave()
      }
      await sleep(SETTLE_MS)
    } finally {
      over.abort()
      await watched
      this.#result = undefined
    }
    result.passedAfterSignOut += await this.#passing()
    for (const { path } of this.#leavers.filter(({ leftAtMs }) => leftAtMs === STILL_IN))
      await count(result.counts, async () => `nobody took the form to ${path}`)
    for (const browser of this.#staying) if (!(await this.#isIn(browser))) result.sessionsLost++
  }

  get #instances(): readonly Instance[] {
    return this.#environment.instances
  }

  get #someAreIn(): boolean {
    return this.#leavers.some(({ leftAtMs }) => leftAtMs === STILL_IN)
  }

  /** Somebody new, whom every worker has seen; the store may not be back at once. */
  async #known(): Promise<BrowserClient> {
    for (const deadline = Date.now() + ANSWERED_WITHIN_MS; ; await sleep(PACE_MS))
      try {
        const browser = await this.#environment.newPerson()
        for (const instance of this.#instances)
          for (let time = 0; time < TIMES; time++) {
            const reason = await ask(browser, instance)
            if (reason !== undefined) throw new Error(`somebody new was answered ${reason}`)
          }
        return browser
      } catch (error) {
        if (Date.now() > deadline) throw error
      }
  }

  async #leaver(at: Instance, page: string, path: string): Promise<Leaver> {
    const browser = await this.#known()
    const { text } = await browser.send(urlOf(at, page), { fields: CLOSE })
    const form = formTo(text, path)
    if (form === undefined) throw new Error(`no form to ${path}`)
    return { browser, at, page, path, form, leftAtMs: STILL_IN }
  }

  /** Everybody who is in still presses the button; their cookies are in other hands, too. */
  async #leave(): Promise<void> {
    for (const leaver of this.#leavers) {
      if (leaver.leftAtMs !== STILL_IN) continue
      const content = new URLSearchParams(leaver.form).toString()
      const fields = {
        ...CLOSE,
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': String(content.length),
        Origin: this.#environment.publicUrl,
      }
      const sending = { method: 'POST', fields, content }
      const answer = await copyOf(leaver.browser)
        .send(urlOf(leaver.at, leaver.path), sending)
        .catch(() => undefined)
      if (answer?.status === 303) leaver.leftAtMs = performance.now()
      // A form is good once, also where what it was for could not be done.
      else if (answer !== undefined && answer.status !== 503) await this.#lookAgain(leaver)
    }
  }

  /** The page, for another form; whoever is shown none is out. */
  async #lookAgain(leaver: Leaver): Promise<void> {
    const shown = await copyOf(leaver.browser)
      .send(urlOf(leaver.at, leaver.page), { fields: CLOSE })
      .catch(() => undefined)
    const form = formTo(shown?.text ?? '', leaver.path)
    if (form !== undefined) leaver.form = form
    else if (shown !== undefined && shown.status !== 503) leaver.leftAtMs = performance.now()
  }

  /** Requests with cookies of those who were told that they have left. */
  async #watch(result: FaultResult, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const leaver of this.#leavers)
        for (const instance of this.#instances) {
          const isOut = performance.now() > leaver.leftAtMs + NOTICED_MS
          if (isOut && (await ask(leaver.browser, instance)) === undefined) result.passedAfterSignOut++
        }
      await sleep(PACE_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #passing(): Promise<number> {
    let passed = 0
    for (const { browser, leftAtMs } of this.#leavers)
      for (const instance of leftAtMs === STILL_IN ? [] : this.#instances)
        for (let time = 0; time < TIMES; time++) if ((await ask(browser, instance)) === undefined) passed++
    return passed
  }

  /** At every instance; a store that is not back yet says nothing. */
  async #isIn(browser: BrowserClient): Promise<boolean> {
    for (const instance of this.#instances) {
      let reason = await ask(browser, instance)
      for (const deadline = Date.now() + ANSWERED_WITHIN_MS; isNoAnswer(reason) && Date.now() < deadline; ) {
        await sleep(PACE_MS)
        reason = await ask(browser, instance)
      }
      if (reason !== undefined) return false
    }
    return true
  }
}

const CLOSE = { Connection: 'close' }

const isNoAnswer = (reason: string | undefined) => reason?.startsWith('503') || reason?.startsWith('E')

const urlOf = ({ port }: Instance, path: string) => `http://127.0.0.1:${port}${path}`

function copyOf(browser: BrowserClient): BrowserClient {
  const copy = new BrowserClient()
  for (const [name, cookie] of browser.cookies) copy.cookies.set(name, cookie)
  return copy
}

/** Undefined where it passed; otherwise why it did not. */
async function ask(browser: BrowserClient, instance: Instance): Promise<string | undefined> {
  // A copy: an answer must not take the cookies away that are tried again.
  const fields = { ...CLOSE, 'Sec-Fetch-Mode': 'cors' }
  try {
    const { status, headers } = await copyOf(browser).send(urlOf(instance, '/page'), { fields })
    return status === 200 ? undefined : `${status} ${headers.get('x-torhaus-error') ?? ''}`.trim()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message
  }
}

async function count(counts: Counts, act: () => Promise<string | undefined>): Promise<void> {
  counts.requests++
  const reason = await act()
  if (reason === undefined) return
  counts.failed++
  counts.failedIdempotent++
  counts.reasons.set(`idempotent: ${reason}`, (counts.reasons.get(`idempotent: ${reason}`) ?? 0) + 1)
}
