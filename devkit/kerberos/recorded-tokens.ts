/**
 * Tokens that curl and libgssapi made for alice@CORP.TEST with a ticket of Samba's KDC, and the keytab of the service
 * they are for.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Keytab, readKeytab } from '../../src/kerberos/protocol/keytab.ts'

const recorded: { readonly takenAtMs: number; readonly keytab: string; readonly curl: string; readonly bare: string } =
  JSON.parse(readFileSync(join(import.meta.dirname, 'recorded-tokens.json'), 'utf8'))

/** The moment at which they were good. */
export const takenAtMs = recorded.takenAtMs
export const keytabOctets = Buffer.from(recorded.keytab, 'base64')
/** SPNEGO around it, as curl sends it. */
export const curlToken = Buffer.from(recorded.curl, 'base64')
export const bareToken = Buffer.from(recorded.bare, 'base64')
export const recordedKeytab = (): Keytab => readKeytab(keytabOctets)
