import { isKdcError, KDC_ERROR, type KdcError, readKdcError } from '../protocol/kdc-error.ts'
import { statusIn, statusText } from '../protocol/nt-status.ts'

/** The KDC refused, by a code of RFC 4120 7.5.9. */
export class KdcRefusal extends Error {
  override readonly name = 'KdcRefusal'
  readonly errorCode: number
  /** The NTSTATUS by which a KDC of Windows or Samba states it more exactly. */
  readonly status: number | undefined
  /** It concerns a ticket that one realm's KDC made for another's, or a service of another realm. */
  readonly isBetweenRealms: boolean

  constructor(
    errorCode: number,
    said: { readonly status?: number | undefined; readonly isBetweenRealms?: boolean } = {},
  ) {
    const { status, isBetweenRealms = false } = said
    const closer = status === undefined ? '' : `, ${statusText(status)}`
    super(`KRB-ERROR ${errorCode}${closer}${isBetweenRealms ? ' between realms' : ''}`)
    this.errorCode = errorCode
    this.status = status
    this.isBetweenRealms = isBetweenRealms
  }
}

/** Unknown, disabled or locked, expired (RFC 4120 7.5.9). Not a wrong password: a second KDC would count that again. */
const SHUTS_OUT: ReadonlySet<number> = new Set([6, 18, 23])

/** True for an unauthenticated refusal that needs no proof, so that a second KDC can be asked and counts nothing. */
export const isDoubtful = (answer: unknown): boolean => answer instanceof KdcRefusal && SHUTS_OUT.has(answer.errorCode)

/**
 * Errors of a KDC that cannot judge the request: its clock differs from ours, or it lacks what it needs, as MIT's
 * without its LDAP (KRB_ERR_GENERIC).
 */
const JUDGES_NOTHING: ReadonlySet<number> = new Set([KDC_ERROR.skew, KDC_ERROR.generic])

export const isUnable = (answer: unknown): boolean =>
  answer instanceof KdcRefusal && JUDGES_NOTHING.has(answer.errorCode)

export const refusalOf = (error: KdcError, isBetweenRealms = false): KdcRefusal =>
  new KdcRefusal(error.code, { status: statusIn(error), isBetweenRealms })

/** Throws a `KdcRefusal` if it is a KRB-ERROR. `isBetweenRealms`: whether an error with that code is. */
export function refuseError(octets: Buffer, isBetweenRealms: (code: number) => boolean = () => false): void {
  if (!isKdcError(octets)) return
  const error = readKdcError(octets)
  throw refusalOf(error, isBetweenRealms(error.code))
}
