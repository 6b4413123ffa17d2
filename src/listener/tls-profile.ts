/** The TLS versions, cipher suites and groups that a listener accepts: Mozilla's server-side TLS guidelines, version 6.0. */
import { constants } from 'node:crypto'
import type { TlsOptions } from 'node:tls'

export type TlsProfile = 'intermediate' | 'modern'

/** TLS 1.3 (RFC 8446 B.4). */
const SUITES_13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
/** TLS 1.2, each with forward secrecy and AEAD (RFC 9325 4.2). */
const SUITES_12 = [
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
]
const GROUPS = ['X25519MLKEM768', 'X25519', 'prime256v1', 'secp384r1']

export function optionsOf(profile: TlsProfile): TlsOptions {
  return {
    minVersion: profile === 'modern' ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: (profile === 'modern' ? SUITES_13 : [...SUITES_13, ...SUITES_12]).join(':'),
    ecdhCurve: GROUPS.join(':'),
    // All are good: the client knows which its hardware is fast at.
    honorCipherOrder: false,
    // No request needs it, and each costs us more than the client (RFC 9325 3.5).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  }
}
