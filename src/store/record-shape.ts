/** Checks the shape of a record that was read: another version, or somebody else, may have written it. */
import { isRecord } from '../../config/is-record.ts'

type Check = (value: unknown) => boolean

export type Shape<T> = { readonly [K in keyof Required<T>]: Check }

export const isText: Check = value => typeof value === 'string'
export const isNumber: Check = value => typeof value === 'number' && Number.isFinite(value)
export const isBoolean: Check = value => typeof value === 'boolean'
export const isTrue: Check = value => value === true
export const isTexts: Check = value => Array.isArray(value) && value.every(isText)
/** JSON has no undefined: such members are absent. */
export const orAbsent =
  (check: Check): Check =>
  value =>
    value === undefined || check(value)
export const oneOf =
  (...texts: readonly string[]): Check =>
  value =>
    texts.includes(value as string)

/** Other members are ignored: a newer version may have added them. */
export function hasShape<T>(value: unknown, shape: Shape<T>): value is T {
  return isRecord(value) && Object.entries<Check>(shape).every(([name, check]) => check(value[name]))
}
