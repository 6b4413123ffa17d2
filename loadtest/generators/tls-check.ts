/**
 * One connection whose certificate is checked by the authority of the run: wrk and autocannon, which send most of a
 * load, look at none. What was agreed on there is part of the result, since suites differ in cost.
 */
import { once } from 'node:events'
import { connect } from 'node:tls'
import type { LabTls } from '../lab/tls.ts'

const TIMEOUT_MS = 10_000

/** `TLSv1.3 TLS_AES_256_GCM_SHA384 X25519`. @throws where the certificate is not that of the run. */
export async function agreedTls(port: number, { ca }: LabTls): Promise<string> {
  // As OpenSSL 3.0 offers it, with which wrk and curl are built.
  const socket = connect({ host: '127.0.0.1', port, ca, ecdhCurve: 'X25519' })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return [socket.getProtocol(), socket.getCipher().name, nameOf(socket.getEphemeralKeyInfo())].join(' ')
  } finally {
    socket.destroy()
  }
}

const nameOf = (key: object | null) => (key !== null && 'name' in key ? String(key.name) : '')
