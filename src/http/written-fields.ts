import { Fault } from '../errors.ts'

/** Our own fields, with validated values: name, value, name, value. Only made here. */
export type WrittenFields = readonly string[] & { readonly __written: unique symbol }

/**
 * Visible characters, spaces, tabs and obs-text are all there is (RFC 9110 5.5): a line end would begin another field.
 * What came in a field has passed the parser; names and claims of people have not.
 */
const NOT_IN_FIELDS = /[^\t\x20-\x7e\x80-\xff]/

/** Throws `field-value-invalid` where one cannot be written. Once for each identity, not for each request with it. */
export function writtenFields(fields: readonly string[]): WrittenFields {
  for (const text of fields) if (NOT_IN_FIELDS.test(text)) throw new Fault('field-value-invalid')
  return fields as WrittenFields
}

/** `name: scheme base64`, all of it characters that can be written. */
export const writtenToken = (name: string, scheme: string, base64: string): WrittenFields =>
  [name, `${scheme} ${base64}`] as readonly string[] as WrittenFields
