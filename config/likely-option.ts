/** The option that somebody may have meant who wrote one that there is not. */
import type { TSchema } from 'typebox'

type Node = TSchema & {
  readonly properties?: Readonly<Record<string, Node>>
  /** Of a mapping of names to sections. */
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/** `at`: the section that `key` stands in. Returns its name there, or the whole path of one elsewhere. */
export function likelyOption(schema: TSchema, at: readonly (string | number)[], key: string): string | undefined {
  const siblings = Object.keys(nodeAt(schema as Node, at)?.properties ?? {})
  const [nearest] = siblings
    .map(name => ({ name, distance: distance(name.toLowerCase(), key.toLowerCase()) }))
    .filter(found => found.distance <= Math.max(1, key.length / 4))
    .sort((a, b) => a.distance - b.distance)
  const likely = nearest?.name ?? siblings.find(name => name.startsWith(key))
  if (likely !== undefined) return likely
  const elsewhere = pathsOf(schema as Node, key)
  return elsewhere.length === 1 ? elsewhere[0] : undefined
}

const nodeAt = (node: Node | undefined, at: readonly (string | number)[]): Node | undefined =>
  at.reduce<Node | undefined>(
    (inner, key) =>
      typeof key === 'number'
        ? inner?.items
        : (inner?.properties?.[key] ?? Object.values(inner?.patternProperties ?? {})[0]),
    node,
  )

/** Every path that ends in `key`, outside of lists. */
function pathsOf(node: Node, key: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => [
    ...(name === key ? [name] : []),
    ...pathsOf(inner, key).map(path => `${name}.${path}`),
  ])
}

/** Levenshtein: letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
