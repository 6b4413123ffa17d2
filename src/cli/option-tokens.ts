/** What util.parseArgs takes without a word, and whoever typed it did not mean; and what it says of the rest, in one sentence. */

interface OptionToken {
  readonly kind: string
  readonly name?: string
  readonly rawName?: string
  readonly value?: string | undefined
}

/** Undefined: nothing. `repeats`: whether that option may stand several times. */
export function carelessOption(
  tokens: readonly OptionToken[],
  repeats: (name: string) => boolean = () => false,
): string | undefined {
  const given = new Set<string>()
  for (const { kind, name = '', rawName, value } of tokens) {
    if (kind !== 'option') continue
    // An unset variable of a script, mostly.
    if (value === '') return `Option '${rawName}' has an empty value`
    // Of two, one would be passed over without a word: a person whose sessions do not end.
    if (given.has(name) && !repeats(name)) return `Option '${rawName}' is given twice`
    given.add(name)
  }
  return undefined
}

const WITHOUT_VALUE = /^Option '(?:-\w, )?(--[\w-]+) <value>' argument missing/
const AMBIGUOUS = /^Option '(?:-\w, )?(--[\w-]+)[^']*' argument is ambiguous/

/** What parseArgs throws, without its advice about arguments that begin with a hyphen, or with a better one. */
export function argumentProblem(error: unknown): string {
  const { message } = error as Error
  const [, option] = AMBIGUOUS.exec(message) ?? []
  if (option !== undefined)
    return `Option '${option}' has no value; write a value that begins with a hyphen as ${option}=VALUE`
  const [, lacking] = WITHOUT_VALUE.exec(message) ?? []
  if (lacking !== undefined) return `Option '${lacking}' has no value`
  return message.split(/\.\s/)[0] ?? message
}
