/** What people get wrong on the first day that Keycloak alone can tell, or a sign-in alone. */
import type { WrongValue } from './wrong-values.ts'

const option = (name: string, value: unknown, says: RegExp): WrongValue => ({
  ...{ name, options: [`oidc.${name}`], says },
  change: right => ({ ...right, oidc: { ...right.oidc, [name]: value } }),
})

export const ofKeycloak = [
  option('scopes', ['openid', 'nonsense'], /nonsense/),
  option('acrValues', ['gold'], /gold is not in its acr_values_supported/),
  option('deviceClientId', 'got', /got cannot begin a device authorization.* 401 .*invalid_client/),
]

export interface Right {
  readonly oidc: object
}

/** Found where somebody signs in, and no earlier: the code on the page, and what the log says. */
export const atSignIn: readonly (readonly [(right: Right) => object, string, RegExp])[] = [
  [
    ({ oidc }) => ({ oidc: { ...oidc, clientSecretFile: 'client-secret' } }),
    'op-response-invalid',
    /^token endpoint: 401 unauthorized_client: Invalid client or Invalid client credentials/,
  ],
  [
    () => ({ secondFactor: { acceptAcr: ['gold'] } }),
    'second-factor-missing',
    /claims received: .*acr="pwd".*required: acr as configured/,
  ],
  [() => ({ account: { template: '{upn}' } }), 'account-unmapped', /the account is \{upn\}, but upn is missing/],
]
