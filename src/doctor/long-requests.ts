import { openSealer } from '../app/open-sealer.ts'
import { HOLD, holdFor } from '../http/self-test-hold.ts'
import { SELF_TEST_PATH } from '../http/self-test-probes.ts'
import type { DoctorContext, Examination } from './examination.ts'
import { type Finding, Skipped } from './finding.ts'
import { type RawAnswer, sendRaw } from './send-raw.ts'
import { hopIn } from './way-in.ts'

/** Beside what is held: for the way, and for hops that try once more. */
const MORE_MS = 15_000
/** What build agents wait for a job, and a little. */
const LONG_POLL_SECONDS = 55

/** How long do hops before Torhaus wait for an answer? One is held back as long as the operator has time. */
export const examineLongRequests: Examination = async context => {
  const { config, slowSeconds: seconds, now, monotonic } = context
  if (seconds === undefined)
    throw new Skipped('takes long: --slow 90 makes a request wait for 90 s, to find hops that do not')
  const url = new URL(config.publicUrl)
  const sealer = openSealer(config)
  const hold = holdFor(seconds, now(), text => sealer.sign(text))
  const sinceMs = monotonic()
  const passed = () => Math.round((monotonic() - sinceMs) / 1000)
  let answer: RawAnswer
  try {
    const question = { target: `${SELF_TEST_PATH}?${HOLD}=${hold}`, host: url.host, fields: [], tls: {} }
    answer = await sendRaw(url, { ...question, timeoutMs: 2 * seconds * 1000 + MORE_MS })
  } catch (error) {
    if (passed() < 1) throw new Skipped(`publicUrl does not answer from here: ${(error as Error).message}`)
    return [cutOff(context, passed(), `a hop before Torhaus closes it: ${(error as Error).message}`)]
  }
  if (!answer.fields.has('x-torhaus-error'))
    return [cutOff(context, passed(), `${hopIn(answer)} answers ${answer.status}`)]
  if (!answer.fields.get('x-torhaus-self-test')?.includes(`held=${seconds}`))
    throw new Skipped(
      'what answers at publicUrl does not delay the answer: it has an earlier version, other keys, or another clock',
    )
  return []
}

function cutOff({ config }: DoctorContext, afterSeconds: number, how: string): Finding {
  const needed = config.upstream.headersTimeoutMs / 1000
  return {
    what: `a request through publicUrl without an answer ends after ${afterSeconds} s: ${how}`,
    why: `build agents wait for 50 s, and a clone may take minutes before its first byte: upstream.headersTimeoutMs allows ${needed} s`,
    remedy: `make each hop wait longer than ${needed} s: timeout server and timeout client in HAProxy, proxy_read_timeout in nginx, the proxy timeout in IIS ARR, the idle timeout elsewhere`,
    ...{ option: 'upstream.headersTimeoutMs', severity: afterSeconds < LONG_POLL_SECONDS ? 'error' : 'warning' },
  }
}
