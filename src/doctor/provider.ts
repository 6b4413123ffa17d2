import { type NamedProvider, providersOf } from '../../config/providers.ts'
import type { ProviderSettings } from '../../config/schema.ts'
import { checkProvider, type ProviderFinding } from '../app/check-provider.ts'
import { faultOfMetadata } from '../oidc/op-endpoints.ts'
import { redirectUriOf } from '../oidc/redirect-uri.ts'
import { type Answer, ask } from './ask.ts'
import { connectionFailure, type Destination } from './connection-failure.ts'
import type { DoctorContext, Examination } from './examination.ts'
import type { Finding } from './finding.ts'
import { clientFindings, redirectFindings } from './provider-client.ts'
import { keyFindings, type Metadata, objectIn, promiseFindings } from './provider-metadata.ts'
import { ageFindings } from './shown-certificate.ts'

const WHY = 'nobody can sign in, and access tokens cannot be verified'

/** Each OP: is it there, is it the one that is meant, and does it know us? */
export const examineProvider: Examination = async context =>
  (await Promise.all(providersOf(context.config).map(one => examineOne(context, one)))).flat()

async function examineOne(context: DoctorContext, one: NamedProvider): Promise<Finding[]> {
  const { settings, path } = one
  if (isBeyond(settings)) return (await checkProvider(context.config, one, context.now)).map(asFinding)
  const read = await readMetadata(one, context)
  if ('failure' in read) return [read.failure]
  const { metadata, answer } = read
  const wrong = identityFinding(metadata, one)
  if (wrong !== undefined) return [wrong]
  const asking = { metadata, redirectUri: redirectUriOf(context.config, one), settings, path }
  const { secondFactor } = context.config
  return [
    ...ageFindings('the OP', answer.certificate, context.now()),
    ...promiseFindings(metadata, one, secondFactor),
    ...(await Promise.all([keyFindings(metadata, one), clientFindings(asking), redirectFindings(asking)])).flat(),
  ]
}

/** An authority, a proxy or a proof of its own: spoken to as a sign-in does it, and told in the words of `op-check`. */
const isBeyond = ({ caFile, proxy, clientKeyFile, clientAuthentication = 'client_secret_basic' }: ProviderSettings) =>
  [caFile, proxy, clientKeyFile].some(option => option !== undefined) ||
  !['client_secret_basic', 'none'].includes(clientAuthentication)

const asFinding = ({ check, option, message }: ProviderFinding): Finding => ({
  ...{ what: message, why: WHY, remedy: 'change it here, or change the OP to match' },
  ...{ option, severity: check === 'metadata' || check === 'clock' ? 'warning' : 'error' },
})

type Read = { readonly metadata: Metadata; readonly answer: Answer } | { readonly failure: Finding }

/** OIDC Discovery 4. */
async function readMetadata({ settings, path }: NamedProvider, { environment }: DoctorContext): Promise<Read> {
  const { issuer, timeoutMs } = settings
  const option = `${path}.issuer`
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const destination: Destination = {
    ...{ name: 'the OP', url, option, why: WHY },
    authorities: `${path}.caFile, or NODE_EXTRA_CA_CERTS=FILE in the environment of the service`,
    proxy: `${path}.proxy`,
  }
  let answer: Answer
  try {
    answer = await ask(url, { timeoutMs })
  } catch (error) {
    return { failure: connectionFailure(destination, error as Error, environment) }
  }
  const metadata = answer.status === 200 ? objectIn(answer.text) : undefined
  if (metadata !== undefined) return { metadata, answer }
  const what = `${url.href} answers ${answer.status}${answer.status === 200 ? ', but not with JSON' : ''}`
  const remedy = `${option} must be exactly what the OP calls itself, including the path and a trailing slash: look it up there`
  return { failure: { what, why: WHY, remedy, option, severity: 'error' } }
}

/** OIDC Discovery 4.3. */
function identityFinding(metadata: Metadata, { settings: { issuer }, path }: NamedProvider): Finding | undefined {
  const option = `${path}.issuer`
  const about = { why: WHY, option, severity: 'error' } as const
  if (metadata.issuer !== issuer) {
    const what = `the OP calls itself ${JSON.stringify(metadata.issuer)}, but ${option} is ${JSON.stringify(issuer)}`
    return { what, remedy: 'write it exactly as the OP does, including a trailing slash', ...about }
  }
  const fault = faultOfMetadata(metadata, issuer)
  return fault === undefined ? undefined : { what: fault, remedy: 'have it fixed at the OP', ...about }
}
