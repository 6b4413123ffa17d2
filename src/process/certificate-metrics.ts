/** Until when the certificates of the configuration are valid: whoever forgets one is told in time. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Gauge, type Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'

/** Registers a gauge that reads the files when it is asked, by the option that names them. */
export function observeCertificates(registry: Registry, config: () => Config): void {
  new Gauge({
    name: 'torhaus_certificate_not_after_timestamp_seconds',
    help: 'When the first certificate of a file ends that is in use.',
    labelNames: ['option'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [option, file] of certificateFiles(config())) {
        const seconds = notAfterSeconds(file)
        if (seconds !== undefined) this.set({ option }, seconds)
      }
    },
  })
}

/** What Torhaus shows, and what it trusts others by. */
function certificateFiles({ listener, admin, upstream, session }: Config): [option: string, file: string][] {
  const redis = session.store.redis?.tls
  const files = {
    'listener.tls.certificateFile': listener.tls?.certificateFile,
    'admin.tls.certificateFile': admin.tls?.certificateFile,
    'upstream.tls.caFile': upstream.tls.caFile,
    'session.store.redis.tls.caFile': redis?.caFile,
    'session.store.redis.tls.certificateFile': redis?.certificateFile,
  }
  return Object.entries(files).flatMap(([option, file]) => (file === undefined ? [] : [[option, file]]))
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Of the certificate that ends first; undefined where the file cannot be read, which a reload tells. */
function notAfterSeconds(file: string): number | undefined {
  try {
    const ends = (readFileSync(file, 'latin1').match(PEM) ?? []).map(
      pem => new X509Certificate(pem).validToDate.getTime() / 1000,
    )
    return ends.length === 0 ? undefined : Math.min(...ends)
  } catch {
    return undefined
  }
}
