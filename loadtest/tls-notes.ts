import { agreedTls } from './generators/tls-check.ts'
import type { Subject, Surroundings } from './subject.ts'

/** Checks the certificate of each. Nothing to say where nobody speaks TLS. */
export async function tlsNotes(subjects: readonly Subject[], { tls }: Surroundings): Promise<string[]> {
  if (tls === undefined) return []
  const agreed = await Promise.all(subjects.map(async ({ name, port }) => [name, await agreedTls(port, tls)] as const))
  const namesOf = Map.groupBy(agreed, ([, what]) => what)
  const sentences = [...namesOf].map(([what, by]) => `${what} (${by.map(([name]) => name).join(', ')})`)
  return [
    `One certificate and key (ECDSA P-256) for all. A client that offers what OpenSSL 3.0 does agreed on ${sentences.join('; ')}. ` +
      'Certificates are checked with the authority that signed them: once of each before anything is measured, and on every connection ' +
      `for latencies, tickets, new connections and transfers; wrk and autocannon look at none.${tls.isToOrigin ? ' Everyone checks that of the origin server.' : ''}`,
  ]
}
