/**
 * What the tokens of OPs look like that cannot be had for a test: names and values as their documentation says, for a
 * lying OP to tell (docs/providers/ names the pages).
 */
import type { JWTPayload } from 'jose'

export interface ProductShape {
  /** Options of the provider that go with it, beside its profile. */
  readonly options: object
  /** What counts as a second factor at this OP. */
  readonly accept: object
  /** The account that comes of it. */
  readonly account: string
  /** Parameters that the OP is asked with; undefined: it is not asked by that. */
  readonly asks: Readonly<Record<string, string | undefined>>
  /** Claims of the ID token, beside the protocol's own, after a sign-in with two factors, and with one. */
  readonly two: JWTPayload
  readonly one: JWTPayload
  /** Served by the userinfo endpoint alone. */
  readonly userinfo?: JWTPayload
  /** Of an access token after a sign-in with two factors; `issuer` where it is not that of the OP. */
  readonly access: JWTPayload & { readonly iss?: string }
  /** The status such an access token gets. */
  readonly accessStatus: number
}

/** `issuer`: of the OP that will tell it. `nowS`: when people sign in. */
export function productShapes(issuer: string, nowS: number): Readonly<Record<string, ProductShape>> {
  const at = { auth_time: nowS }
  const trust = `http://${new URL(issuer).host}/adfs/services/trust`
  const sts = 'https://sts.windows.net/72f988bf-0000-0000-0000-2d7cd011db47/'
  const acr = (name: string, value: string) => JSON.stringify({ id_token: { [name]: { essential: true, value } } })
  const ada = { preferred_username: 'ada' }
  const upn = 'ada@corp.example'
  const multiple = 'http://schemas.microsoft.com/claims/multipleauthn'
  const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'
  return {
    keycloak: {
      ...{ options: { acrValues: ['gold'] }, accept: { acceptAcr: ['gold'] }, account: 'ada' },
      asks: { claims: acr('acr', 'gold'), acr_values: undefined },
      two: { ...ada, ...at, typ: 'ID', session_state: 's', sid: 's', acr: 'gold' },
      one: { ...ada, ...at, typ: 'ID', session_state: 's', sid: 's', acr: 'silver' },
      access: { ...ada, ...at, typ: 'Bearer', azp: 'torhaus', acr: 'gold', aud: ['devops', 'account'] },
      accessStatus: 200,
    },
    entra: {
      ...{ options: { acrValues: ['c1'], issuerAliases: [sts] }, accept: { acceptAcrs: ['c1'] }, account: upn },
      asks: { claims: acr('acrs', 'c1'), acr_values: undefined },
      two: { ...at, preferred_username: upn, oid: 'o', tid: 't', ver: '2.0', acrs: ['c1'] },
      one: { ...at, preferred_username: upn, oid: 'o', tid: 't', ver: '2.0' },
      access: { ...at, iss: sts, preferred_username: upn, ver: '1.0', appid: 'a', scp: 'access', acrs: ['c1'] },
      accessStatus: 200,
    },
    adfs: {
      ...{ options: { issuerAliases: [trust] }, accept: { acceptAmr: [multiple] }, account: upn },
      asks: { response_mode: 'form_post', acr_values: undefined, claims: undefined },
      two: { ...at, upn, unique_name: 'CORP\\ada', sid: 'S-1-5-21', authmethod: multiple },
      one: { ...at, upn, unique_name: 'CORP\\ada', sid: 'S-1-5-21', authmethod: password },
      access: { ...at, iss: trust, upn, appid: 'a', scp: 'openid', amr: [multiple] },
      accessStatus: 200,
    },
    okta: {
      options: { acrValues: ['urn:okta:loa:2fa:any'] },
      ...{ accept: { acceptAmr: ['mfa'] }, account: 'ada' },
      asks: { acr_values: 'urn:okta:loa:2fa:any', claims: undefined },
      two: { ...ada, ...at, ver: 1, idp: 'i', amr: ['mfa', 'otp', 'pwd'] },
      one: { ...ada, ...at, ver: 1, idp: 'i', amr: ['pwd'] },
      // Neither amr nor auth_time, whatever the sign-in was.
      access: { sub: 'ada', ver: 1, cid: 'c', uid: 'u', scp: ['openid'] },
      accessStatus: 403,
    },
    authentik: {
      ...{ options: {}, accept: { acceptAmr: ['mfa'] }, account: 'ada' },
      asks: { acr_values: undefined, claims: undefined },
      two: { ...ada, ...at, acr: 'goauthentik.io/providers/oauth2/default', amr: ['pwd', 'mfa', 'otp'] },
      one: { ...ada, ...at, acr: 'goauthentik.io/providers/oauth2/default', amr: ['pwd'] },
      access: { ...ada, ...at, azp: 'torhaus', scope: 'openid profile', amr: ['pwd', 'mfa', 'otp'] },
      accessStatus: 200,
    },
    lemonldap: {
      ...{ options: { acrValues: ['mfa'] }, accept: { acceptAcr: ['mfa'] }, account: 'ada' },
      asks: { acr_values: 'mfa', claims: undefined },
      two: { ...at, acr: 'mfa', azp: 'torhaus', sub: 'ada' },
      one: { ...at, acr: 'loa-1', azp: 'torhaus', sub: 'ada' },
      userinfo: { sub: 'ada', preferred_username: 'ada', acr: 'mfa' },
      access: { ...at, client_id: 'torhaus', scope: 'openid', acr: 'mfa', sub: 'ada', preferred_username: 'ada' },
      accessStatus: 200,
    },
  }
}
