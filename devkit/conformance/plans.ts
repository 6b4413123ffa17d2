/** The plans of the OpenID Foundation for relying parties, as far as they are for one like Torhaus: the code flow. */
import { backChannelModules, frontChannelModules, opInitiatedModules, rpInitiatedModules } from './logout-modules.ts'
import type { Plan, Variant } from './module.ts'
import {
  basicModules,
  comprehensiveModules,
  configModules,
  honest,
  refreshModules,
  thirdPartyModules,
} from './sign-in-modules.ts'

const query: Variant = { responseMode: 'query', clientAuthentication: 'client_secret_basic' }
const formPost: Variant = { ...query, responseMode: 'form_post' }
const byOtherMeans = (['client_secret_post', 'private_key_jwt', 'none'] as const).map(
  (clientAuthentication): Variant => ({ ...query, clientAuthentication }),
)

export const plans: readonly Plan[] = [
  { name: 'oidcc-client-basic-certification-test-plan', variants: [query], modules: basicModules },
  { name: 'oidcc-client-formpost-basic-certification-test-plan', variants: [formPost], modules: basicModules },
  { name: 'oidcc-client-config-certification-test-plan', variants: [query, formPost], modules: configModules },
  { name: 'oidcc-client-rp-initiated-logout-rp-basic', variants: [query, formPost], modules: rpInitiatedModules },
  { name: 'oidcc-client-back-channel-logout-rp-basic', variants: [query, formPost], modules: backChannelModules },
  { name: 'oidcc-client-front-channel-logout-rp-basic', variants: [query, formPost], modules: frontChannelModules },
  { name: 'oidcc-client-logout-test-plan', variants: [query], modules: opInitiatedModules },
  { name: 'oidcc-client-refreshtoken-test-plan', variants: [query], modules: refreshModules },
  { name: 'oidcc-client-test-3rd-party-init-login-test-plan', variants: [query], modules: thirdPartyModules },
  { name: 'oidcc-client-test-plan', variants: [query], modules: comprehensiveModules },
  { name: 'oidcc-client-test-plan', variants: byOtherMeans, modules: [honest] },
]

/** Modules that are not played, and do not count: what they try is not there, by reason. */
export const leftOut: readonly { readonly names: readonly string[]; readonly reason: string }[] = [
  {
    names: ['discovery-webfinger-acct', 'discovery-webfinger-url'],
    reason: 'the issuer is configured, and never looked up for a person',
  },
  { names: ['dynamic-registration'], reason: 'the client is registered by whoever runs the OP' },
  { names: ['request-uri-signed-rs256', 'request-uri-signed-none'], reason: 'no request objects are sent' },
  {
    names: ['nonce-unless-code-flow', 'invalid-chash', 'missing-chash', 'invalid-athash', 'missing-athash'],
    reason: 'of the implicit and hybrid flows; there is the code flow alone',
  },
  { names: ['userinfo-signed'], reason: 'userinfo is asked for as JSON' },
  { names: ['userinfo-bearer-body'], reason: 'the access token goes into the Authorization field' },
  {
    names: ['aggregated-claims', 'distributed-claims'],
    reason: 'nothing reads them; groups that are kept elsewhere are refused (`groups-unknown`)',
  },
  { names: ['mtls-endpoint-aliases'], reason: 'no client certificates are shown to an OP' },
  {
    names: ['form-post-error'],
    reason:
      'it wants `prompt=none` with `max_age=0`, which is never asked; such errors are in `test/oidc/op-says.test.ts`',
  },
  {
    names: ['session-management'],
    reason: 'no page polls the OP in a frame; it tells by logout, and is asked at refresh',
  },
]
