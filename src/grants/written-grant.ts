/**
 * Grants as both stores keep them. Earlier versions know one confirmation per grant, with `acr` and `auth_time` as its
 * evidence. They can still read and write that; what they do not know is stored beside it.
 */
import { coverText, isSameCover, parseCover } from '../cover.ts'
import { hasShape, isNumber, isText, isTexts, isTrue, orAbsent, type Shape } from '../store/record-shape.ts'
import type { Confirmation, Grant } from './grant-store.ts'

/** What every version reads. */
export interface FlatGrant {
  readonly grantedAtMs: number
  readonly expiresAtMs: number
  readonly authTime: number
  readonly acr: string | undefined
}

export interface WrittenConfirmation extends Omit<FlatGrant, 'acr'> {
  readonly cover?: string
  readonly acr?: string
  readonly binding?: string
  readonly acrs: readonly string[]
  readonly amr: readonly string[]
  readonly byPolicy?: true
  readonly vouchedBy?: string
}

const SHAPE: Shape<WrittenConfirmation> = {
  ...{ cover: orAbsent(isText), binding: orAbsent(isText), acr: orAbsent(isText), acrs: isTexts, amr: isTexts },
  ...{ byPolicy: orAbsent(isTrue), vouchedBy: orAbsent(isText) },
  ...{ authTime: isNumber, grantedAtMs: isNumber, expiresAtMs: isNumber },
}

export const areConfirmations = (value: unknown): value is readonly WrittenConfirmation[] =>
  Array.isArray(value) && value.every(item => hasShape(item, SHAPE))

/** Each is asked about at every request; nobody confirms more by hand in the life of one. */
const MAX_CONFIRMATIONS = 32

/** The newest of all, and the latest end. */
export function flatOf({ confirmations }: Grant): FlatGrant {
  const [newest] = confirmations
  return {
    grantedAtMs: newest?.grantedAtMs ?? 0,
    expiresAtMs: Math.max(0, ...confirmations.map(({ expiresAtMs }) => expiresAtMs)),
    authTime: newest?.evidence.authTime ?? 0,
    acr: newest?.evidence.acr,
  }
}

export const writtenConfirmations = ({ confirmations }: Grant): readonly WrittenConfirmation[] =>
  confirmations.map(({ cover, binding, evidence, vouchedBy, grantedAtMs, expiresAtMs }) => {
    const { acr, acrs, amr, authTime, byPolicy } = evidence
    return {
      ...(cover === undefined ? {} : { cover: coverText(cover) }),
      ...(acr === undefined ? {} : { acr }),
      ...(binding === undefined ? {} : { binding }),
      ...(byPolicy === undefined ? {} : { byPolicy }),
      ...(vouchedBy === undefined ? {} : { vouchedBy }),
      ...{ acrs, amr, authTime: authTime ?? 0, grantedAtMs, expiresAtMs },
    }
  })

/** `written` undefined: by a version that knew the flat form alone. What cannot be read was not confirmed. */
export function readConfirmations(
  written: readonly WrittenConfirmation[] | undefined,
  { acr, authTime, grantedAtMs, expiresAtMs }: FlatGrant,
): readonly Confirmation[] {
  if (written === undefined)
    return [
      {
        cover: undefined,
        evidence: { acr, acrs: [], amr: [], authTime },
        grantedAtMs,
        expiresAtMs,
        binding: undefined,
      },
    ]
  return written.flatMap(confirmation => {
    const cover = confirmation.cover === undefined ? undefined : parseCover(confirmation.cover)
    if (cover === undefined && confirmation.cover !== undefined) return []
    const { acrs, amr, byPolicy, vouchedBy } = confirmation
    return [
      {
        ...{ cover, grantedAtMs: confirmation.grantedAtMs, expiresAtMs: confirmation.expiresAtMs },
        binding: confirmation.binding,
        ...(vouchedBy === undefined ? {} : { vouchedBy }),
        evidence: {
          ...{ acr: confirmation.acr, acrs, amr, authTime: confirmation.authTime },
          ...(byPolicy === undefined ? {} : { byPolicy }),
        },
      },
    ]
  })
}

/**
 * The new confirmation with the earlier ones that have not expired, the newest `MAX_CONFIRMATIONS` of them. It replaces
 * those of the same cover and `acr`.
 */
export function withEarlier(made: Grant, before: Grant | undefined): Grant {
  const [newest] = made.confirmations
  if (newest === undefined || before === undefined) return made
  const kept = before.confirmations.filter(
    ({ cover, evidence, expiresAtMs }) =>
      expiresAtMs > newest.grantedAtMs && !(isSameCover(cover, newest.cover) && evidence.acr === newest.evidence.acr),
  )
  return { ...made, confirmations: [...made.confirmations, ...kept].slice(0, MAX_CONFIRMATIONS) }
}
