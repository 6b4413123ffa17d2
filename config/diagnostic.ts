/** Something wrong in a configuration. */
export interface Diagnostic {
  /** Line in the file, from 1; undefined where the option is not in the file at all. */
  line: number | undefined
  /** Path of the option, e.g. `upstream.identity.kind` or `secondFactor.rules[0].when.path`. */
  path: string
  message: string
}

/** Says what is wrong with the option at `path`. */
export type Report = (path: string, message: string) => void

export function diagnostic(path: string, message: string): Diagnostic {
  return { line: undefined, path, message }
}

/** `upstream.rules[0].path` -> its keys; list positions are numbers. */
export function pathOf(path: string): (string | number)[] {
  return path
    .split(/\.|(?=\[)/)
    .filter(Boolean)
    .map(key => (key.startsWith('[') ? Number(key.slice(1, -1)) : key))
}
