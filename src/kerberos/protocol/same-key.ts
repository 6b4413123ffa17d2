import { timingSafeEqual } from 'node:crypto'
import type { EncryptionKey } from './encryption-key.ts'

/** Whether both are the same key; in constant time for keys of one type. */
export const isSameKey = (a: EncryptionKey, b: EncryptionKey): boolean =>
  a.enctype.number === b.enctype.number && a.read(octets => b.read(others => timingSafeEqual(octets, others)))
