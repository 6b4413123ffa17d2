/** Metrics of when configured certificates and revocation lists expire, so that operators are warned in time. */
import type { X509Certificate } from 'node:crypto'
import { Gauge, type Registry } from 'prom-client'
import { lastDueMs, type RevocationList, wholeListsIn } from '../../config/client-certificates.ts'
import { contentsFor, withContents } from '../../config/files-read.ts'
import { providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { certificateOption, certificatesInFile, ownCertificatesOf, ownChainOf } from '../../config/tls-pair.ts'

/** Registers a gauge, labelled by option, that reads the certificate files at each scrape. */
export function observeCertificates(registry: Registry, config: () => Config): void {
  new Gauge({
    name: 'torhaus_certificate_not_after_timestamp_seconds',
    help: 'When the first certificate in a file that is in use expires; for certificate authorities of servers, when the last one does.',
    labelNames: ['option'],
    registers: [registry],
    collect() {
      this.reset()
      const inForce = config()
      withContents(contentsFor(inForce), () => {
        for (const [option, read, counts] of readings(inForce)) {
          const seconds = notAfterSeconds(read, counts)
          if (seconds !== undefined) this.set({ option }, seconds)
        }
      })
    },
  })
}

/** Registers a gauge of when the next update of certificate revocation lists is due. */
export function observeRevocationLists(registry: Registry, config: () => Config): void {
  new Gauge({
    name: 'torhaus_crl_next_update_timestamp_seconds',
    help: 'When the first next update of the certificate revocation lists in a file is due.',
    labelNames: ['option'],
    registers: [registry],
    collect() {
      this.reset()
      const inForce = config()
      const file = inForce.listener.tls?.clientCertificates?.crlFile
      const seconds = file === undefined ? undefined : withContents(contentsFor(inForce), () => nextUpdateSeconds(file))
      if (seconds !== undefined) this.set({ option: 'listener.tls.clientCertificates.crlFile' }, seconds)
    },
  })
}

/** Undefined if the file cannot be read, which a reload reports. */
function nextUpdateSeconds(file: string): number | undefined {
  try {
    const nameOf = ({ issuer, scope }: RevocationList) => `${issuer.toString('hex')} ${scope.toString('hex')}`
    const dueMs = lastDueMs(wholeListsIn(file), nameOf)
    const firstMs = Math.min(...dueMs.values())
    return Number.isFinite(firstMs) ? firstMs / 1000 : undefined
  } catch {
    return undefined
  }
}

type Read = () => readonly X509Certificate[]

/** For a chain, and for authorities of clients, the earliest end counts; for authorities of servers, the latest. */
type Counting = (...ends: number[]) => number

/** The certificates that Torhaus presents, and those that it trusts. */
function readings(config: Config): (readonly [option: string, read: Read, counts: Counting])[] {
  const ofClients = config.listener.tls?.clientCertificates?.caFile
  const read = (file: string) => () => certificatesInFile(file)
  const authorities = {
    'upstream.tls.caFile': config.upstream.tls.caFile,
    ...Object.fromEntries(providersOf(config).map(({ path, settings }) => [`${path}.caFile`, settings.caFile])),
    'session.store.redis.tls.caFile': config.session.store.redis?.tls.caFile,
  }
  return [
    ...ownCertificatesOf(config).flatMap(([path, files]) => {
      const option = certificateOption(files)
      return option === undefined ? [] : [[`${path}.${option.name}`, () => ownChainOf(files), Math.min] as const]
    }),
    ...(ofClients === undefined
      ? []
      : [['listener.tls.clientCertificates.caFile', read(ofClients), Math.min] as const]),
    ...Object.entries(authorities).flatMap(([option, file]) =>
      file === undefined ? [] : [[option, read(file), Math.max] as const],
    ),
  ]
}

/** Undefined if the file cannot be read, which a reload reports. */
function notAfterSeconds(read: Read, counts: Counting): number | undefined {
  try {
    const ends = read().map(({ validToDate }) => validToDate.getTime() / 1000)
    return ends.length === 0 ? undefined : counts(...ends)
  } catch {
    return undefined
  }
}
