/** What a person confirms for a program: reading, or reading and changing, repositories or paths. */
export interface Cover {
  readonly what: 'repositories' | 'paths'
  readonly access: 'read' | 'write'
  /**
   * If it ends in a slash: everything below it, and the path itself; otherwise that path alone. Percent-decoded.
   */
  readonly prefix: string
}

/** The stored form: two words, then the prefix. */
export const coverText = ({ what, access, prefix }: Cover): string => `${what} ${access} ${prefix}`

/** Undefined if the text has another form: then nothing may be concluded from it. */
export function parseCover(text: string): Cover | undefined {
  const [, what, access, prefix] = /^(repositories|paths) (read|write) (.*)$/s.exec(text) ?? []
  if ((what !== 'repositories' && what !== 'paths') || (access !== 'read' && access !== 'write')) return undefined
  return { what, access, prefix: prefix ?? '' }
}

export const isSameCover = (one: Cover | undefined, other: Cover | undefined): boolean =>
  one === undefined || other === undefined ? one === other : coverText(one) === coverText(other)
