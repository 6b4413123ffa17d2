/**
 * From a file to a frozen Config, or to every diagnostic at once, each with its line and path.
 *
 *   YAML text -> document with positions -> profiles, defaults filled in -> schema -> files -> rules across options -> Config
 */
import { dirname } from 'node:path'
import Value from 'typebox/value'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { type Diagnostic, diagnostic, pathOf } from './diagnostic.ts'
import { type ConfigEnvironment, stateDirectoryIn, withEnvironment } from './environment.ts'
import { resolveFiles, usedFiles } from './files.ts'
import { type FilesRead, readFiles, rememberFiles, statesOf, withContents } from './files-read.ts'
import { isRecord } from './is-record.ts'
import { withProfile } from './provider-profiles.ts'
import { provider } from './provider-schema.ts'
import { withoutStoreKind } from './redis-rules.ts'
import { checkRules } from './rules.ts'
import { type Config, configSchema } from './schema.ts'
import { diagnosticsOf } from './schema-diagnostics.ts'
import { sourceText } from './source-text.ts'
import { variablesIn } from './variables.ts'
import { syntaxDiagnostics } from './yaml-syntax.ts'

/** `files`: the file itself, and those that it names, as far as that can be known. */
export type Loaded = ({ ok: true; config: Config } | { ok: false; diagnostics: Diagnostic[] }) & { files: FilesRead }

export function loadConfig(fileName: string, environment: ConfigEnvironment): Loaded {
  const own = { names: [fileName], states: statesOf([fileName]) }
  const loaded = parseFile(fileName, environment)
  const { names, states, contents } = loaded.files
  const files = { names: [...own.names, ...names], states: [...own.states, ...states], contents }
  if (loaded.ok) rememberFiles(loaded.config, files)
  return { ...loaded, files }
}

function parseFile(fileName: string, environment: ConfigEnvironment): Loaded {
  try {
    return parseConfig(sourceText(fileName), dirname(fileName), environment)
  } catch (error) {
    return failed(diagnostic('', wordsOf(error as NodeJS.ErrnoException)))
  }
}

/** What `sourceText` says, or the system in words of ours. */
function wordsOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'does not exist'
  // Windows refuses by the second of these.
  if (code === 'EACCES' || code === 'EPERM') return 'cannot be read by this account'
  if (code === 'EBUSY') return 'is in use by another program: close it there'
  return code === undefined ? message : `cannot be read: ${message}`
}

const failed = (...diagnostics: readonly Diagnostic[]): Loaded => ({
  ok: false,
  diagnostics: [...diagnostics],
  files: readFiles([]),
})

/** As `loadConfig`, from text. File names in it are relative to `directory`. */
export function parseConfig(source: string, directory: string, environment: ConfigEnvironment): Loaded {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  const syntax = syntaxDiagnostics(document, source)
  if (syntax.length > 0) return failed(...syntax)

  const plain = plainOf(document)
  if (typeof plain === 'string') return failed(diagnostic('', plain))
  const overridden = withEnvironment(plain.value, environment)
  const fromEnvironment = overridden.problems.map(({ path, message }) => diagnostic(path, message))
  // Before defaults are filled in, in place.
  const withoutKind = withoutStoreKind(plain.value)
  const value = Value.Default(configSchema, withProfiles(overridden.value))
  const diagnostics = [...withoutKind, ...diagnosticsOf(configSchema, value), ...variablesIn(plain.value)]
  resolveFiles(configSchema, value, directory, diagnostics)
  const files = readFiles(usedFiles(configSchema, value))
  withContents(files.contents, () => checkRules(value, diagnostics))
  if (diagnostics.length + fromEnvironment.length === 0) return { ok: true, config: deepFreeze(value as Config), files }
  const told = diagnostics.map(withLine).map(withStatePlace).sort(byLine)
  return { ok: false, diagnostics: [...fromEnvironment, ...told], files }

  function withLine(diagnostic: Diagnostic): Diagnostic {
    const keys = pathOf(diagnostic.path)
    for (let depth = keys.length; depth > 0; depth--) {
      const offset = keyOffset(keys.slice(0, depth))
      if (offset !== undefined) return { ...diagnostic, line: lines.linePos(offset).line }
    }
    return diagnostic
  }

  /** systemd tells the service where to keep its store, and nobody who calls a command by hand. */
  function withStatePlace(diagnostic: Diagnostic): Diagnostic {
    const option = 'session.store.sqlite.file'
    if (diagnostic.path !== option || document.hasIn(pathOf(option)) || stateDirectoryIn(environment) !== '')
      return diagnostic
    return {
      ...diagnostic,
      message: `${diagnostic.message}; under systemd, the default is in STATE_DIRECTORY: set that variable here, too`,
    }
  }

  function keyOffset(keys: (string | number)[]): number | undefined {
    const parent = document.getIn(keys.slice(0, -1), true)
    const last = keys.at(-1)
    if (typeof parent !== 'object' || parent === null || !('items' in parent)) return undefined
    for (const [index, item] of (parent.items as unknown[]).entries()) {
      const { key, range } = item as { key?: { value?: unknown; range?: number[] }; range?: number[] }
      if (key !== undefined && String(key.value) === last) return key.range?.[0]
      if (key === undefined && index === last) return range?.[0]
    }
    return undefined
  }
}

const byLine = (a: Diagnostic, b: Diagnostic) => (a.line ?? 0) - (b.line ?? 0)

/** The options; or, in words, what stands there instead. */
function plainOf(document: Document): { readonly value: object } | string {
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    return (error as Error).message
  }
  const remedy = 'start from config/example.yaml'
  if (value === null) return `is empty: ${remedy}`
  if (Array.isArray(value)) return `is a list, but must contain options with their values: ${remedy}`
  if (typeof value !== 'object')
    return `is a text without options, but must contain options with their values: ${remedy}`
  return { value }
}

function withProfiles(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { oidc, providers, ...rest } = value as { readonly oidc?: unknown; readonly providers?: unknown }
  const isMap = isRecord(providers)
  // The library fills in no defaults below names that the schema does not know.
  const named = isMap
    ? Object.entries(providers).map(([name, one]) => [name, Value.Default(provider, withProfile(one))] as const)
    : []
  return {
    ...rest,
    ...(oidc === undefined ? {} : { oidc: withProfile(oidc) }),
    ...(providers === undefined ? {} : { providers: isMap ? Object.fromEntries(named) : providers }),
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
