import { isKdcError, KDC_ERROR, type KdcError, readKdcError } from '../protocol/kdc-error.ts'
import { statusIn, statusText } from '../protocol/nt-status.ts'

/** The KDC refused, by a code of RFC 4120 7.5.9. */
export class KdcRefusal extends Error {
  override readonly name = 'KdcRefusal'
  readonly errorCode: number
  /** What a KDC of Windows or Samba means by it (NT_STATUS). */
  readonly status: number | undefined
  /** Said on the way between realms: of a ticket that one made for another, or of a service that is not ours to name. */
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

/** Unknown, disabled or locked, expired (RFC 4120 7.5.9). Whether a password is wrong, one KDC is asked: two would count. */
const SHUTS_OUT: ReadonlySet<number> = new Set([6, 18, 23])

/** Of a refusal that nothing authenticates, given before anybody has shown a proof that could be counted. */
export const isDoubtful = (answer: unknown): boolean => answer instanceof KdcRefusal && SHUTS_OUT.has(answer.errorCode)

/** Of a KDC whose clock differs from ours, or that lacks what it needs, as MIT's without its LDAP (KRB_ERR_GENERIC). */
const JUDGES_NOTHING: ReadonlySet<number> = new Set([KDC_ERROR.skew, KDC_ERROR.generic])

export const isUnable = (answer: unknown): boolean =>
  answer instanceof KdcRefusal && JUDGES_NOTHING.has(answer.errorCode)

export const refusalOf = (error: KdcError, isBetweenRealms = false): KdcRefusal =>
  new KdcRefusal(error.code, { status: statusIn(error), isBetweenRealms })

/** `isBetweenRealms`: of an error with that code. */
export function refuseError(octets: Buffer, isBetweenRealms: (code: number) => boolean = () => false): void {
  if (!isKdcError(octets)) return
  const error = readKdcError(octets)
  throw refusalOf(error, isBetweenRealms(error.code))
}
