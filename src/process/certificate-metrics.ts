/** Until when the certificates of the configuration are valid: whoever forgets one is told in time. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Gauge, type Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import { ownCertificatesOf } from '../../config/tls-pair.ts'

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
function certificateFiles(config: Config): (readonly [option: string, file: string])[] {
  const { upstream, session } = config
  const files: (readonly [option: string, file: string | undefined])[] = [
    ...ownCertificatesOf(config).map(([path, files]) => [`${path}.certificateFile`, files.certificateFile] as const),
    ['upstream.tls.caFile', upstream.tls.caFile],
    ['session.store.redis.tls.caFile', session.store.redis?.tls.caFile],
  ]
  return files.flatMap(([option, file]) => (file === undefined ? [] : [[option, file]]))
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
