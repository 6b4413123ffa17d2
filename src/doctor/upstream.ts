import { bareHost } from '../../config/bare-host.ts'
import type { Config } from '../../config/schema.ts'
import { certificateOption } from '../../config/tls-pair.ts'
import { upstreamTls } from '../upstream/upstream-tls.ts'
import { type Answer, ask, type Question } from './ask.ts'
import { connectionFailure } from './connection-failure.ts'
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'
import { ageFindings } from './shown-certificate.ts'

/** A ticket with 900 groups, in base64, and what http.sys takes of one field by default. */
const TOKEN_BYTES = 12_000
/** Of somebody in very many groups: 48 KiB of MaxTokenSize, in base64. */
const LARGE_TOKEN_BYTES = 64_000

/** The origin server: is it there, does it take what we send, and does it refuse what we do not look at? */
export const examineUpstream: Examination = async ({ config, now, environment }) => {
  const { upstream, publicUrl } = config
  const url = new URL(upstream.url)
  const question = {
    timeoutMs: upstream.connectTimeoutMs,
    tls: upstreamTls(upstream.tls, bareHost(url.hostname)),
    fields: { Host: (upstream.host === 'public' ? new URL(publicUrl) : url).host },
  }
  let answer: Answer
  try {
    answer = await ask(url, question)
  } catch (error) {
    const destination = {
      ...{ name: 'the origin server', url, option: 'upstream.url', why: 'every request is answered with 502' },
      ...{ authorities: 'upstream.tls.caFile', ownCertificate: 'upstream.tls' },
    }
    return [connectionFailure(destination, error as Error, environment)]
  }
  if (answer.fields['x-torhaus-error'] !== undefined) return [cameBack]
  return [
    ...ageFindings('the origin server', answer.certificate, now()),
    ...clientCertificateFindings(config, answer),
    ...(await headFindings(config, url, question)),
    ...passwordFindings(config, answer),
    ...negotiateFindings(config, answer),
  ]
}

const cameBack: Finding = {
  what: 'what answers at upstream.url is Torhaus (this instance or another), not the origin server',
  why: 'each request comes back and is refused with loop-detected',
  remedy:
    'use the address of the server itself; if it has the same name as publicUrl, check what that name resolves to on this machine',
  ...{ option: 'upstream.url', severity: 'error' },
}

/** RFC 9110 15.5.14, RFC 6585 5; http.sys says 400. */
const TOO_LARGE = [400, 413, 431]

async function headFindings({ upstream }: Config, url: URL, question: Question): Promise<Finding[]> {
  if (upstream.identity.kind !== 'kerberos') return []
  for (const bytes of [TOKEN_BYTES, LARGE_TOKEN_BYTES]) {
    // No token: what cannot be read as one is answered as if there was none, by whoever reads so far.
    const fields = { ...question.fields, 'X-Torhaus-Probe': 'a'.repeat(bytes) }
    const status = await ask(url, { ...question, fields }).then(
      answer => answer.status,
      () => 0,
    )
    if (status !== 0 && !TOO_LARGE.includes(status)) continue
    const isSmall = bytes === TOKEN_BYTES
    return [
      {
        what: `the origin server refuses a field of ${bytes} bytes (${status === 0 ? 'it closes the connection' : status})`,
        why: isSmall
          ? 'the tickets of people in a few hundred groups are that long, so all their requests get 400'
          : 'the tickets of people in more than a thousand groups are that long',
        remedy:
          'IIS: set MaxFieldLength and MaxRequestBytes of http.sys (registry) to 65536 and 131072, then restart it',
        ...{ option: 'upstream.identity.kind', severity: isSmall ? 'error' : 'warning' },
      },
    ]
  }
  return []
}

/** nginx takes the connection, and answers each request so. */
function clientCertificateFindings({ upstream }: Config, { status, text }: Answer): Finding[] {
  if (status !== 400 || !/SSL certificate/i.test(text)) return []
  const own = certificateOption(upstream.tls)
  const hasOne = own !== undefined
  return [
    {
      what: `the origin server ${hasOne ? 'does not accept our client certificate' : 'requires a client certificate'}, and answers 400`,
      why: 'every request gets this answer',
      remedy: hasOne
        ? 'make it trust the authority of that certificate (nginx: ssl_client_certificate), and check its error log'
        : 'set certificateFile and privateKeyFile in upstream.tls',
      ...{ option: hasOne ? `upstream.tls.${own.name}` : 'upstream.tls', severity: 'error' },
    },
  ]
}

const offers = (answer: Answer, scheme: RegExp) => scheme.test(answer.fields['www-authenticate'] ?? '')

/** Where it takes passwords, one of the shape of a token passes as a token: with one factor. */
function passwordFindings({ credentials }: Config, answer: Answer): Finding[] {
  const { personalAccessTokens, patProof } = credentials
  const isProven = patProof !== undefined && !patProof.off && !patProof.reportOnly
  if (personalAccessTokens.length === 0 || !offers(answer, /(^|,\s*)basic\b/i)) return []
  return [
    {
      what: 'the origin server offers Basic to clients without credentials',
      why: 'if it accepts passwords, one with the shape of a personal access token passes with one factor',
      remedy: isProven
        ? 'turn off Basic authentication with passwords there (IIS: Basic Authentication), or make sure that it accepts only tokens'
        : 'turn off Basic authentication with passwords there, and set credentials.patProof',
      ...{ option: 'credentials.personalAccessTokens', severity: isProven ? 'warning' : 'error' },
    },
  ]
}

function negotiateFindings({ upstream }: Config, answer: Answer): Finding[] {
  const isNeeded = upstream.identity.kind === 'kerberos'
  if (!isNeeded || answer.status !== 401 || offers(answer, /(^|,\s*)negotiate\b/i)) return []
  return [
    {
      what: 'the origin server asks for credentials, but does not offer Negotiate',
      why: 'it may ignore the tickets that Torhaus sends, so people get 401 from the server',
      remedy: 'turn on Windows authentication there, with the provider Negotiate first',
      ...{ option: 'upstream.identity.kind', severity: 'error' },
    },
  ]
}
