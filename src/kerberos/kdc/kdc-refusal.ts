import { isKdcError, readKdcError } from '../protocol/kdc-error.ts'

/** The KDC refused, by a code of RFC 4120 7.5.9. */
export class KdcRefusal extends Error {
  override readonly name = 'KdcRefusal'
  readonly errorCode: number

  constructor(errorCode: number) {
    super(`KRB-ERROR ${errorCode}`)
    this.errorCode = errorCode
  }
}

export function refuseError(octets: Buffer): void {
  if (isKdcError(octets)) throw new KdcRefusal(readKdcError(octets).code)
}
