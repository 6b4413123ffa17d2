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
  what: 'what answers at upstream.url is Torhaus, this one or another, and not the origin server',
  why: 'each request comes back, and is refused with loop-detected',
  remedy: 'name the server itself; where it has the name of publicUrl, see what that name leads to from this machine',
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
          ? 'tickets of people in a few hundred groups are that long: they get 400 for every request'
          : 'tickets of people in more than a thousand groups are that long',
        remedy: 'IIS: MaxFieldLength and MaxRequestBytes of http.sys (registry) to 65536 and 131072, then restart it',
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
      what: `the origin server ${hasOne ? 'does not take our client certificate' : 'wants to see a client certificate'}, and answers 400`,
      why: 'every request is answered so',
      remedy: hasOne
        ? 'let it trust the authority of that certificate (nginx: ssl_client_certificate), and look at its error log'
        : 'name one with its key: certificateFile and privateKeyFile of upstream.tls',
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
      what: 'the origin server offers Basic to whoever comes without credentials',
      why: 'if it takes passwords there, one of the shape of a personal access token passes with one factor',
      remedy: isProven
        ? 'switch Basic authentication with passwords off there (IIS: Basic Authentication), or see that it takes tokens only'
        : 'switch Basic authentication with passwords off there, and set credentials.patProof',
      ...{ option: 'credentials.personalAccessTokens', severity: isProven ? 'warning' : 'error' },
    },
  ]
}

function negotiateFindings({ upstream }: Config, answer: Answer): Finding[] {
  const isNeeded = upstream.identity.kind === 'kerberos'
  if (!isNeeded || answer.status !== 401 || offers(answer, /(^|,\s*)negotiate\b/i)) return []
  return [
    {
      what: 'the origin server asks for credentials, and does not offer Negotiate',
      why: 'tickets that Torhaus sends may be ignored: people get 401 from the server',
      remedy: 'switch Windows authentication on there, with the provider Negotiate first',
      ...{ option: 'upstream.identity.kind', severity: 'error' },
    },
  ]
}
