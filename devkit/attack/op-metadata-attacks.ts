/**
 * What somebody could put into the metadata of an OP, or into its connection, to be believed or to have a browser sent
 * somewhere.
 */
import type { Metadata } from '../op/lying-op.ts'

export type OpMetadataAttack = {
  readonly name: string
  /** `forger`: where somebody else answers over plain HTTP. */
  change(right: Metadata, forger: string): object
  /** What the log says then. */
  readonly says: RegExp
}

export const OP_METADATA_ATTACKS: readonly OpMetadataAttack[] = [
  {
    name: 'keys over plain HTTP',
    change: (right, forger) => ({ ...right, jwks_uri: `${forger}/jwks` }),
    says: /jwks_uri .* plain HTTP/,
  },
  {
    name: 'a token endpoint over plain HTTP',
    change: (right, forger) => ({ ...right, token_endpoint: `${forger}/token` }),
    says: /token_endpoint .* plain HTTP/,
  },
  {
    name: 'an authorization endpoint of javascript:',
    change: right => ({ ...right, authorization_endpoint: 'javascript:alert(1)//' }),
    says: /authorization_endpoint .* no http or https URL/,
  },
  {
    name: 'an end session endpoint of data:',
    change: right => ({ ...right, end_session_endpoint: 'data:text/html,x' }),
    says: /end_session_endpoint .* no http or https URL/,
  },
  {
    name: 'a userinfo endpoint that is no URL',
    change: right => ({ ...right, userinfo_endpoint: '/userinfo' }),
    says: /userinfo_endpoint .* no absolute URL/,
  },
  {
    name: 'a token endpoint with credentials',
    change: right => ({ ...right, token_endpoint: right.token_endpoint.replace('//', '//user:secret@') }),
    says: /token_endpoint .* carries credentials/,
  },
  {
    name: 'a token endpoint that is a number',
    change: right => ({ ...right, token_endpoint: 7 }),
    says: /token_endpoint .* no absolute URL/,
  },
  {
    name: 'an authorization endpoint with a fragment',
    change: right => ({ ...right, authorization_endpoint: `${right.authorization_endpoint}#x` }),
    says: /authorization_endpoint .* fragment/,
  },
  {
    name: 'no keys',
    change: ({ jwks_uri: _, ...rest }) => rest,
    says: /no jwks_uri/,
  },
]
