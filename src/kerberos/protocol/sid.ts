import { malformed } from './krb5-error.ts'
import type { NdrReader } from './ndr-reader.ts'

/** MS-DTYP 2.4.2. */
const MAX_SUB_AUTHORITIES = 15

/** A security identifier as text (MS-DTYP 2.4.2.1): `S-1-5-21-...`. */
export function readSid(reader: NdrReader): string {
  const revision = reader.uint8()
  const count = reader.uint8()
  if (revision !== 1 || count > MAX_SUB_AUTHORITIES) throw malformed('SID')
  let text = `S-1-${reader.octets(6).readUIntBE(0, 6)}`
  for (let index = 0; index < count; index++) text += `-${reader.uint32()}`
  return text
}
