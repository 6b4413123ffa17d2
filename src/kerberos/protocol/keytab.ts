import { hash } from 'node:crypto'
import { isAesKey, type KeytabRecord, keytabRecords, principalIn } from '../../../config/keytab-entries.ts'
import { EncryptionKey } from './encryption-key.ts'
import { malformed } from './krb5-error.ts'
import type { PrincipalName } from './principal-name.ts'

export interface KeytabEntry {
  readonly realm: string
  readonly name: PrincipalName
  readonly kvno: number
  /** In seconds since the epoch. */
  readonly writtenAtS: number
  readonly key: EncryptionKey
}

export interface Keytab {
  /** Newest key first, the strongest type first within. */
  readonly entries: readonly KeytabEntry[]
  /** Entries that were left out: RC4, DES, or a key whose length does not fit its type. */
  readonly skipped: number
}

/** A keytab of a few thousand services is below 1 MB. */
export const MAX_KEYTAB_BYTES = 16 * 1024 * 1024

/** Reads a keytab. Throws where `keytabEntries` does. */
export function readKeytab(octets: Buffer): Keytab {
  const entries: KeytabEntry[] = []
  let skipped = 0
  for (const entry of keytabEntries(octets)) {
    if (entry === undefined) skipped++
    else entries.push(entry)
  }
  // Programs append new keys at the end.
  return { entries: entries.reverse().sort(newestFirst), skipped }
}

/** `HTTP/proxy.corp.test@CORP.TEST`. */
export const principalOf = ({ name, realm }: KeytabEntry): string => principalIn({ components: name.components, realm })

/** The newest key first, the strongest type first within. */
export const newestFirst = (a: KeytabEntry, b: KeytabEntry): number =>
  Number(isPastWrap(b, a)) - Number(isPastWrap(a, b)) || b.kvno - a.kvno || b.key.enctype.number - a.key.enctype.number

/** After 255 comes 0, or after 65,535, where a program keeps no more of the number: as libkrb5 tells it. */
const isPastWrap = (one: KeytabEntry, other: KeytabEntry): boolean =>
  one.kvno < 128 && other.kvno > 240 && one.writtenAtS >= other.writtenAtS

/**
 * One by one, in the order of the file; undefined for one that is left out. `isWanted`: whose keys are (`HTTP/host@REALM`);
 * default: everybody's. Entries of one key, as those of the names of one account are, share it. Throws `malformed` where it is no keytab.
 */
export function* keytabEntries(
  octets: Buffer,
  isWanted: (principal: string) => boolean = () => true,
): Generator<KeytabEntry | undefined> {
  const keys = new Map<string, EncryptionKey>()
  try {
    for (const record of keytabRecords(octets)) yield isWanted(principalIn(record)) ? entryOf(record, keys) : undefined
  } catch (error) {
    throw malformed((error as Error).message)
  }
}

function entryOf(record: KeytabRecord, keys: Map<string, EncryptionKey>): KeytabEntry | undefined {
  const { realm, nameType: type, components, kvno, writtenAtS, etype, key } = record
  if (!isAesKey(record)) return undefined
  const which = `${etype} ${hash('sha256', key, 'base64')}`
  const shared = keys.get(which) ?? new EncryptionKey(etype, key)
  keys.set(which, shared)
  return { realm, name: { type, components }, kvno, writtenAtS, key: shared }
}
