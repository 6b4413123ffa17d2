import type { Config } from '../../config/schema.ts'
import { faultOfMetadata } from '../oidc/op-endpoints.ts'
import { type Answer, ask } from './ask.ts'
import { connectionFailure, type Destination } from './connection-failure.ts'
import type { Examination, Ground } from './examination.ts'
import type { Finding } from './finding.ts'
import { clientFindings, redirectFindings } from './provider-client.ts'
import { keyFindings, type Metadata, promiseFindings } from './provider-metadata.ts'
import { ageFindings } from './shown-certificate.ts'

const WHY = 'nobody can sign in, and access tokens cannot be verified'

/** The OP: is it there, is it the one that is meant, and does it know us? */
export const examineProvider: Examination = async ground => {
  const { oidc, secondFactor } = ground.config
  const read = await readMetadata(oidc, ground)
  if ('failure' in read) return [read.failure]
  const { metadata, answer } = read
  const wrong = identityFinding(metadata, oidc.issuer)
  if (wrong !== undefined) return [wrong]
  const redirectUri = `${new URL(ground.config.publicUrl).origin}/.torhaus/callback`
  const asking = { metadata, redirectUri, oidc }
  return [
    ...ageFindings('the OP', answer.certificate, ground.now()),
    ...promiseFindings(metadata, { oidc, secondFactor }),
    ...(
      await Promise.all([keyFindings(metadata, oidc.timeoutMs), clientFindings(asking), redirectFindings(asking)])
    ).flat(),
  ]
}

type Read = { readonly metadata: Metadata; readonly answer: Answer } | { readonly failure: Finding }

/** OIDC Discovery 4. */
async function readMetadata({ issuer, timeoutMs }: Config['oidc'], { environment }: Ground): Promise<Read> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const destination: Destination = {
    ...{ name: 'the OP', url, option: 'oidc.issuer', why: WHY },
    authorities: 'NODE_EXTRA_CA_CERTS=FILE in the environment of the service',
  }
  let answer: Answer
  try {
    answer = await ask(url, { timeoutMs })
  } catch (error) {
    return { failure: connectionFailure(destination, error as Error, environment) }
  }
  const metadata = answer.status === 200 ? objectIn(answer.text) : undefined
  if (metadata !== undefined) return { metadata, answer }
  const what = `${url.href} answers ${answer.status}${answer.status === 200 ? ', and no JSON' : ''}`
  const remedy = 'oidc.issuer is what the OP calls itself, path included and to the last slash: look it up there'
  return { failure: { what, why: WHY, remedy, option: 'oidc.issuer', severity: 'error' } }
}

function objectIn(text: string): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** OIDC Discovery 4.3. */
function identityFinding(metadata: Metadata, issuer: string): Finding | undefined {
  const about = { why: WHY, option: 'oidc.issuer', severity: 'error' } as const
  if (metadata.issuer !== issuer) {
    const what = `the OP calls itself ${JSON.stringify(metadata.issuer)}, and oidc.issuer is ${JSON.stringify(issuer)}`
    return { what, remedy: 'write it as the OP does, to the last slash', ...about }
  }
  const fault = faultOfMetadata(metadata, issuer)
  return fault === undefined ? undefined : { what: fault, remedy: 'have it mended at the OP', ...about }
}
