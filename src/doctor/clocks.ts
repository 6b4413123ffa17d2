import { providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { upstreamTls } from '../upstream/upstream-tls.ts'
import { ask, type Question } from './ask.ts'
import type { Examination } from './examination.ts'
import { type Finding, Skipped } from './finding.ts'

/** Of a Date field, which has whole seconds, and of the way. */
const TOLERANCE_MS = 5000
/** RFC 4120 8.2; tokens of the OP are tolerated for less. */
const TOO_MUCH_MS = 60_000

/** What time others have: those whose tokens and tickets are judged by it. */
export const examineClocks: Examination = async ({ config, now }) => {
  const found = await Promise.all(
    othersOf(config).map(async ([name, url, question]) => {
      const theirs = await dateOf(url, question)
      return theirs === undefined ? undefined : { name, aheadMs: now() - theirs }
    }),
  )
  const known = found.filter(one => one !== undefined)
  if (known.length === 0) throw new Skipped('neither the OP nor the origin server sent its time')
  return known.flatMap(({ name, aheadMs }) => findingsOf(name, aheadMs))
}

function othersOf(config: Config): (readonly [name: string, url: URL, question: Question])[] {
  const { url, tls, connectTimeoutMs: timeoutMs } = config.upstream
  const providers = providersOf(config).map(
    ({ settings, name, isOnly }) =>
      [`the OP${isOnly ? '' : ` ${name}`}`, new URL(settings.issuer), { timeoutMs: settings.timeoutMs }] as const,
  )
  return [
    ...providers,
    ['the origin server', new URL(url), { timeoutMs, tls: upstreamTls(tls, new URL(url).hostname) }],
  ]
}

async function dateOf(url: URL, question: Question): Promise<number | undefined> {
  const text = await ask(url, { ...question, method: 'HEAD' }).then(
    ({ fields }) => fields.date,
    () => undefined,
  )
  const timeMs = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(timeMs) ? undefined : timeMs
}

function findingsOf(name: string, aheadMs: number): Finding[] {
  const byMs = Math.abs(aheadMs)
  if (byMs <= TOLERANCE_MS) return []
  return [
    {
      what: `the clock of this machine is ${Math.round(byMs / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of ${name}`,
      why: 'tokens seem expired or not valid yet, and Kerberos tickets are refused beyond five minutes',
      remedy:
        'synchronize both with the same time source: `timedatectl` shows whether this machine is synchronized (chrony, systemd-timesyncd)',
      severity: byMs > TOO_MUCH_MS ? 'error' : 'warning',
    },
  ]
}
