import { isPlainHttp } from '../../config/url-rules.ts'
import { PROBES, type Probe } from '../http/self-test-probes.ts'
import { connectionFailure } from './connection-failure.ts'
import type { DoctorContext, Examination } from './examination.ts'
import { type Finding, Skipped } from './finding.ts'
import { isTorhaus, listenerUrl } from './own-listener.ts'
import { examineSameKeys } from './same-keys.ts'
import { type RawAnswer, sendRaw } from './send-raw.ts'

const TIMEOUT_MS = 10_000

/**
 * Sends what is shaped like an attack by way of publicUrl, and to the listener itself: where the two answers differ, a
 * hop in between has done something to the request.
 */
export const examineWayIn: Examination = async context => {
  const { config } = context
  if (!(await isTorhaus(config)))
    throw new Skipped('Torhaus does not answer on its listener: start it, and run this check again')
  const url = new URL(config.publicUrl)
  const listener = listenerUrl(config)
  const tls = { servername: url.hostname, rejectUnauthorized: false }
  const findings: Finding[] = []
  let isPassed = false
  for (const [name, probe] of Object.entries(PROBES)) {
    const question = { ...probe, host: probe.host ?? url.host, timeoutMs: TIMEOUT_MS }
    const direct = await sendRaw(listener, { ...question, tls })
    if (!isRefused(probe, direct)) findings.push(unguarded(name, direct))
    try {
      const outside = await sendRaw(url, { ...question, tls: {} })
      findings.push(...hopFindings(name, probe, outside))
      if (name === 'plain') findings.push(...clientFindings(context, outside))
      isPassed = true
    } catch (error) {
      findings.push(...unanswered(name, url, error as Error, isPassed))
      if (!isPassed) return findings
    }
  }
  const ask = (to: URL, target: string, own: object) =>
    sendRaw(to, { target, host: url.host, fields: [], timeoutMs: TIMEOUT_MS, tls: own })
  const ways = {
    direct: (target: string) => ask(listener, target, tls),
    outside: (target: string) => ask(url, target, {}),
  }
  return [...findings, ...(await examineSameKeys(ways))]
}

const codeIn = ({ fields }: RawAnswer) => fields.get('x-torhaus-error')
const isRefused = ({ refusedAs }: Probe, answer: RawAnswer) => refusedAs.includes(codeIn(answer) ?? '')

const unguarded = (name: string, answer: RawAnswer): Finding => ({
  what: `the listener itself answers the probe ${name} with ${answer.status} ${codeIn(answer) ?? ''}`.trimEnd(),
  why: 'it does not run this version of Torhaus, or not this configuration',
  remedy: 'reload or restart it, and run this check again',
  severity: 'error',
})

/** Who answered in place of Torhaus, as far as they say. */
export const hopIn = ({ fields }: RawAnswer) => {
  const name = fields.get('server') ?? fields.get('via')
  return name === undefined ? 'a hop before Torhaus' : `a hop before Torhaus (${name})`
}

function hopFindings(name: string, probe: Probe, answer: RawAnswer): Finding[] {
  const told = answer.fields.get('x-torhaus-self-test') ?? ''
  const isOurs = codeIn(answer) !== undefined
  if (!isOurs) return answer.status >= 400 && answer.status < 500 ? refusedEarly(name, answer) : [passed(name, answer)]
  if (name === 'forged-address' && told.includes('client=forged')) return [forged]
  if (isRefused(probe, answer) && !told.includes('target=changed')) return []
  return [
    {
      what: `${hopIn(answer)} rewrites paths: the probe ${name} arrives as something else`,
      why: 'rules are decided by a different path from the one the client requested, and repositories with encoded names are not found',
      remedy:
        'turn off normalization: nginx proxy_pass without a path, HAProxy without normalize-uri, IIS ARR with useOriginalURLEncoding="false"',
      ...{ option: 'publicUrl', severity: 'error' },
    },
  ]
}

/** A hop refuses by itself: safe, but it may refuse what is meant, too. */
function refusedEarly(name: string, answer: RawAnswer): Finding[] {
  const mayBeMeant = ['encoded-slash', 'parameters', 'plain', 'forged-address', 'doubled-field']
  if (!mayBeMeant.includes(name)) return []
  return [
    {
      what: `${hopIn(answer)} answers the probe ${name} with ${answer.status} by itself`,
      why: 'such requests never reach Torhaus; GitLab, for example, needs encoded slashes',
      remedy:
        'make it pass such requests on, as deploy/haproxy.cfg and deploy/nginx.conf do (IIS: allowDoubleEscaping)',
      ...{ option: 'publicUrl', severity: 'warning' },
    },
  ]
}

const passed = (name: string, answer: RawAnswer): Finding => ({
  what: `the probe ${name} is answered with ${answer.status}, but not by Torhaus: ${hopIn(answer)} passed it on to another server`,
  why: 'requests that bypass Torhaus are not checked',
  remedy: 'send all requests for this host only to Torhaus, and check where publicUrl leads',
  ...{ option: 'publicUrl', severity: 'error' },
})

const forged: Finding = {
  what: 'the client address is taken from what the client itself sends in X-Forwarded-For or Forwarded',
  why: 'an attacker can choose the address used for rules by network, password limits and the audit log',
  remedy:
    'make the balancer set the field instead of appending to it, and list only the proxies themselves in listener.trustedProxies, not whole networks',
  ...{ option: 'listener.trustedProxies', severity: 'error' },
}

function clientFindings({ config }: DoctorContext, answer: RawAnswer): Finding[] {
  const { trustedProxies } = config.listener
  const isTold = answer.fields.get('x-torhaus-self-test')?.includes('client=forwarded') === true
  if (isTold || codeIn(answer) !== 'self-test') return []
  if (trustedProxies.length === 0) return isByHop(config, answer) ? [unlisted(answer)] : []
  return [
    {
      what: 'the client address does not arrive through publicUrl',
      why: 'all clients seem to be the balancer, so rules by network and limits apply to all of them or to none',
      remedy:
        'make the balancer set the field named in listener.forwardedField, and list the address that it connects from',
      ...{ option: 'listener.trustedProxies', severity: 'error' },
    },
  ]
}

/** Torhaus names no server; and who else would end TLS? */
const isByHop = ({ publicUrl, listener }: DoctorContext['config'], { fields }: RawAnswer) =>
  fields.has('server') || fields.has('via') || (!isPlainHttp(publicUrl) && listener.tls === undefined)

const unlisted = (answer: RawAnswer): Finding => ({
  what: `${hopIn(answer)} answers at publicUrl, but listener.trustedProxies is empty`,
  why: 'all clients seem to be the balancer, so rules by network and limits apply to all of them or to none',
  remedy:
    'list the address that the balancer connects from, and make it set the field named in listener.forwardedField',
  ...{ option: 'listener.trustedProxies', severity: 'warning' },
})

/** Not answered at all: the first is about the way, a later one about the probe, which a hop refuses by closing. */
function unanswered(name: string, url: URL, error: Error, isPassed: boolean): Finding[] {
  if (isPassed) return refusedEarly(name, { status: 0, fields: new Map() })
  const destination = {
    name: 'publicUrl',
    url,
    option: 'publicUrl',
    authorities: 'NODE_EXTRA_CA_CERTS=FILE for this command',
  }
  const why = 'clients may not reach Torhaus either, unless this machine has another way there'
  return [{ ...connectionFailure({ ...destination, why }, error), severity: 'warning' }]
}
