import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { TSchema } from 'typebox'
import { type Diagnostic, diagnostic } from './diagnostic.ts'
import { fileProblem } from './files-read.ts'
import { FILE_KEYWORD, type FileUse } from './option.ts'

type Node = TSchema & {
  properties?: Record<string, Node>
  /** Of a mapping of names to sections. */
  patternProperties?: Record<string, Node>
  items?: Node
  [FILE_KEYWORD]?: FileUse
}

/**
 * Makes each option that names a file absolute (relative to the configuration), and adds a diagnostic for each that
 * cannot be read.
 */
export function resolveFiles(schema: TSchema, value: unknown, directory: string, diagnostics: Diagnostic[]): void {
  visit(schema as Node, value, '', name => name, diagnostics, directory)
}

/** Names of the files that must be there, in a configuration that was loaded: absolute. */
export function usedFiles(schema: TSchema, value: unknown): string[] {
  const node = schema as Node
  if (node[FILE_KEYWORD] === 'read') return typeof value === 'string' ? [value] : []
  if (Array.isArray(value)) return value.flatMap(item => (node.items === undefined ? [] : usedFiles(node.items, item)))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const option = optionAt(node, key)
    return option === undefined ? [] : usedFiles(option, inner)
  })
}

function readProblem(name: string): string | undefined {
  try {
    accessSync(name, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM')
      return `this account cannot read the file ${name}: ${readableBy(process.platform)}`
    // In YAML, "C:\torhaus" in double quotes has a tab.
    return /\p{Cc}/u.test(name)
      ? `the file ${JSON.stringify(name)} does not exist: put a Windows path in single quotes, where a backslash has no special meaning`
      : `the file ${name} does not exist; file names are relative to the configuration file`
  }
  const problem = fileProblem(statSync(name))
  return problem === undefined ? undefined : `${name} ${problem}`
}

/** Folders on the way to it count, too. */
export const readableBy = (platform: NodeJS.Platform) =>
  platform === 'win32'
    ? 'grant access with `icacls FILE /grant "ACCOUNT:R"`'
    : 'assign the file and its folder to its group with `chgrp GROUP`, with modes 0640 and 0750'

function visit(
  schema: Node,
  value: unknown,
  path: string,
  replace: (name: string) => void,
  diagnostics: Diagnostic[],
  directory: string,
): void {
  if (schema[FILE_KEYWORD] !== undefined && typeof value === 'string') {
    const name = resolve(directory, value)
    replace(name)
    const problem = schema[FILE_KEYWORD] === 'created' ? undefined : readProblem(name)
    if (problem !== undefined) diagnostics.push(diagnostic(path, problem))
  } else if (schema.items !== undefined && Array.isArray(value)) {
    const items = schema.items
    value.forEach((item, index) => {
      visit(items, item, `${path}[${index}]`, name => (value[index] = name), diagnostics, directory)
    })
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const options = value as Record<string, unknown>
    for (const key of Object.keys(options)) {
      const inner = optionAt(schema, key)
      if (inner === undefined) continue
      const innerPath = path === '' ? key : `${path}.${key}`
      visit(inner, options[key], innerPath, name => (options[key] = name), diagnostics, directory)
    }
  }
}

const optionAt = ({ properties, patternProperties = {} }: Node, key: string): Node | undefined =>
  properties?.[key] ?? Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern).test(key))?.[1]
