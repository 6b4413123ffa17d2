import Type, { type TSchema } from 'typebox'

/**
 * Keyword that marks an option holding the name of a file: made absolute, and checked to be readable, while loading.
 */
export const FILE_KEYWORD = 'x-file'

/** Whether the file must be there already, or is made by Torhaus. */
export type FileUse = 'read' | 'created'

export const text = (description: string, more: { default?: string; pattern?: string } = {}) =>
  Type.String({ description, minLength: 1, ...more })

export const integer = (description: string, more: { default?: number; minimum: number; maximum: number }) =>
  Type.Integer({ description, ...more })

export const flag = (description: string, byDefault: boolean) => Type.Boolean({ description, default: byDefault })

export const choice = <const T extends string[]>(values: readonly [...T], description: string, byDefault?: T[number]) =>
  Type.Enum(values, { description, ...(byDefault === undefined ? {} : { default: byDefault }) })

export const file = (description: string) =>
  Type.String({ description, minLength: 1, [FILE_KEYWORD]: 'read' satisfies FileUse })

/** A file that is made when it is missing. */
export const outputFile = (description: string, byDefault?: string) =>
  Type.String({
    ...{ description, minLength: 1, [FILE_KEYWORD]: 'created' satisfies FileUse },
    ...(byDefault === undefined ? {} : { default: byDefault }),
  })

export const list = <T extends TSchema>(
  items: T,
  description: string,
  more: { default?: unknown[]; minItems?: number } = {},
) => Type.Array(items, { description, ...more })

/** A section whose options all have defaults: leaving it out means the defaults. */
export const section = <T extends Record<string, TSchema>>(options: T, description: string) =>
  Type.Object(options, { description, additionalProperties: false, default: {} })

/**
 * A section with at least one option that has no default: leaving it out leaves the feature out, or is a problem where
 * required.
 */
export const requiredSection = <T extends Record<string, TSchema>>(options: T, description: string) =>
  Type.Object(options, { description, additionalProperties: false })
