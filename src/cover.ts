/** What a person confirms for a program: reading, or reading and changing, repositories or what stands under a path. */
export interface Cover {
  readonly what: 'repositories' | 'paths'
  readonly access: 'read' | 'write'
  /**
   * With a slash at its end everything under it, itself included; without one that path alone. Percent-encoding is
   * taken off.
   */
  readonly prefix: string
}

/** As it is stored: two words, and the rest is the prefix. */
export const coverText = ({ what, access, prefix }: Cover): string => `${what} ${access} ${prefix}`

/** Undefined where the text is none of ours: then nothing may be concluded from it. */
export function parseCover(text: string): Cover | undefined {
  const [, what, access, prefix] = /^(repositories|paths) (read|write) (.*)$/s.exec(text) ?? []
  if ((what !== 'repositories' && what !== 'paths') || (access !== 'read' && access !== 'write')) return undefined
  return { what, access, prefix: prefix ?? '' }
}

export const isSameCover = (one: Cover | undefined, other: Cover | undefined): boolean =>
  one === undefined || other === undefined ? one === other : coverText(one) === coverText(other)
