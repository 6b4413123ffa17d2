import { DerReader, UNIVERSAL } from './der-reader.ts'
import { isEnctype } from './enctype.ts'
import type { KdcError } from './kdc-error.ts'
import { type KdcReply, readPaData } from './kdc-reply.ts'
import { PA, type PaData } from './kdc-request.ts'

/** How the KDC makes a key of a password, for one encryption type (RFC 4120 5.2.7.5). */
export interface EtypeInfo {
  readonly etype: number
  readonly salt: Buffer | undefined
  readonly parameters: Buffer | undefined
}

/** What an error that asks for preauthentication offers. */
export interface Offered {
  /** In the KDC's order. */
  readonly infos: readonly EtypeInfo[]
  readonly armour: boolean
  /** To be sent back (RFC 6113 5.2). */
  readonly cookie: PaData | undefined
}

export function offeredIn({ data }: KdcError): Offered {
  const padata = data === undefined ? [] : readPaData(DerReader.only(data, UNIVERSAL.sequence))
  const ofType = (wanted: number) => padata.find(({ type }) => type === wanted)
  return { infos: etypeInfoIn(padata), armour: ofType(PA.fast) !== undefined, cookie: ofType(PA.cookie) }
}

/** How the key of a reply was made: its type is in the reply itself. */
export function etypeInfoOfReply({ padata, encrypted: { etype } }: KdcReply): readonly EtypeInfo[] {
  const infos = etypeInfoIn(padata).filter(info => info.etype === etype)
  return infos.length > 0 ? infos : [{ etype, salt: undefined, parameters: undefined }]
}

const MAX_ETYPES = 32

/** What of the list is AES. */
function etypeInfoIn(padata: readonly PaData[]): readonly EtypeInfo[] {
  const found = padata.find(({ type }) => type === PA.etypeInfo2)
  if (found === undefined) return []
  const entries = DerReader.only(found.value, UNIVERSAL.sequence).each(MAX_ETYPES, reader => {
    const entry = reader.enter(UNIVERSAL.sequence)
    const etype = entry.integer(0)
    const salt = entry.optional(1, (at, number) => at.field(number, UNIVERSAL.generalString).rest())
    const parameters = entry.optional(2, (at, number) => at.octets(number))
    entry.finish()
    return { etype, salt, parameters }
  })
  return entries.filter(({ etype }) => isEnctype(etype))
}
