import type { JWK } from 'jose'
import type { Route } from './reply.ts'

/** GET /.torhaus/jwks.json: the keys that assertions are signed with (RFC 7517 5). */
export function keySetRoute(keySet: { readonly keys: readonly JWK[] }): Route {
  const text = JSON.stringify(keySet)
  const fields = ['Content-Type', 'application/jwk-set+json', 'Cache-Control', 'public, max-age=300']
  return () => ({ status: 200, fields, text })
}
