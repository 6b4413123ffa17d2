/** Who speaks TLS in a run, with which certificate, and how it is checked. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority } from '../../devkit/torhaus/certificate-authority.ts'

/**
 * - `none`: plain HTTP everywhere
 * - `client`: clients and contenders speak TLS, contenders and the origin server do not
 * - `both`: the origin server does, too, and every contender checks its certificate
 */
export const TLS_SIDES = ['none', 'client', 'both'] as const
export type TlsSides = (typeof TLS_SIDES)[number]

/** One certificate with one key (ECDSA P-256) for every contender and the origin server, signed by one authority. */
export interface LabTls {
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly caFile: string
  /** What is in `caFile`, PEM. */
  readonly ca: string
  readonly isToOrigin: boolean
}

/** A name of the certificate beside 127.0.0.1, for programs that check names only. */
export const CERTIFIED_NAME = 'localhost'

export const schemeOf = (tls: LabTls | undefined) => (tls === undefined ? 'http' : 'https')

/** Undefined: nobody speaks it. Files go into `directory`. */
export function createLabTls(directory: string, sides: TlsSides): LabTls | undefined {
  if (sides === 'none') return undefined
  const folder = join(directory, 'tls')
  mkdirSync(folder)
  const authority = createAuthority(folder, 'authority')
  const { certificateFile, privateKeyFile } = authority.sign(`IP:127.0.0.1,DNS:${CERTIFIED_NAME}`)
  const { certificateFile: caFile, certificate: ca } = authority
  return { certificateFile, privateKeyFile, caFile, ca, isToOrigin: sides === 'both' }
}
