/** The value at a path within parsed JSON, or undefined where the path leads nowhere; for assertions on answers. */
export function jsonMember(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (parent, key) => (typeof parent === 'object' && parent !== null ? Reflect.get(parent, key) : undefined),
    value,
  )
}
