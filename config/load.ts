/**
 * From a file to a frozen Config, or to every diagnostic at once, each with its line and path.
 *
 *   YAML text -> document with positions -> profiles, defaults filled in -> schema -> files -> rules across options -> Config
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Value from 'typebox/value'
import { LineCounter, parseDocument } from 'yaml'
import { type Diagnostic, diagnosticsOf, pathOf } from './diagnostic.ts'
import { resolveFiles } from './files.ts'
import { withProfile } from './provider-profiles.ts'
import { provider } from './provider-schema.ts'
import { checkRules } from './rules.ts'
import { type Config, configSchema } from './schema.ts'

/** Environment variables that say where to listen; hosting environments set them. */
export type ListenEnvironment = Partial<Record<'PORT' | 'HTTP_PLATFORM_PORT' | 'ADMIN_PORT', string>>

export type Loaded = { ok: true; config: Config } | { ok: false; diagnostics: Diagnostic[] }

export function loadConfig(fileName: string, environment: ListenEnvironment): Loaded {
  let source: string
  try {
    source = readFileSync(fileName, 'utf8')
  } catch (error) {
    return {
      ok: false,
      diagnostics: [{ line: undefined, path: '', message: `cannot be read: ${(error as Error).message}` }],
    }
  }
  return parseConfig(source, dirname(fileName), environment)
}

/** As `loadConfig`, from text. File names in it are relative to `directory`. */
export function parseConfig(source: string, directory: string, environment: ListenEnvironment): Loaded {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  const syntax = document.errors.map(error => ({
    line: error.linePos?.[0].line,
    path: '',
    message: (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, ''),
  }))
  if (syntax.length > 0) return { ok: false, diagnostics: syntax }

  let plain: unknown
  try {
    plain = document.toJS()
  } catch (error) {
    return { ok: false, diagnostics: [{ line: undefined, path: '', message: (error as Error).message }] }
  }
  const value = Value.Default(configSchema, withProfiles(overridePorts(plain ?? {}, environment)))
  const diagnostics = diagnosticsOf(configSchema, value)
  resolveFiles(configSchema, value, directory, diagnostics)
  checkRules(value, diagnostics)
  if (diagnostics.length > 0) return { ok: false, diagnostics: diagnostics.map(withLine).sort(byLine) }
  return { ok: true, config: deepFreeze(value as Config) }

  function withLine(diagnostic: Diagnostic): Diagnostic {
    const keys = pathOf(diagnostic.path)
    for (let depth = keys.length; depth > 0; depth--) {
      const offset = keyOffset(keys.slice(0, depth))
      if (offset !== undefined) return { ...diagnostic, line: lines.linePos(offset).line }
    }
    return diagnostic
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

function overridePorts(value: unknown, environment: ListenEnvironment): unknown {
  if (typeof value !== 'object' || value === null) return value
  const config = value as Record<string, Record<string, unknown> | undefined>
  const port = environment.HTTP_PLATFORM_PORT || environment.PORT
  if (port) config.listener = { ...config.listener, port: Number(port) }
  if (environment.ADMIN_PORT) config.admin = { ...config.admin, port: Number(environment.ADMIN_PORT) }
  return config
}

function withProfiles(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { oidc, providers, ...rest } = value as { readonly oidc?: unknown; readonly providers?: unknown }
  const isMap = typeof providers === 'object' && providers !== null && !Array.isArray(providers)
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
