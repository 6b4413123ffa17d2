/** What is wrong with a text as YAML, in words for whoever wrote it. */
import type { YAMLError } from 'yaml'
import { type Diagnostic, diagnostic } from './diagnostic.ts'

/** Of these each is a mistake by itself; of others, one makes what follows it look wrong, too. */
const INDEPENDENT = ['DUPLICATE_KEY']

export function syntaxDiagnostics(errors: readonly YAMLError[]): Diagnostic[] {
  const tab = errors.find(({ code }) => code === 'TAB_AS_INDENT')
  if (tab !== undefined) return [described(tab)]
  const consequence = errors.findIndex(({ code }) => !INDEPENDENT.includes(code))
  return (consequence === -1 ? errors : errors.slice(0, consequence + 1)).map(described)
}

function described(error: YAMLError): Diagnostic {
  const line = error.linePos?.[0].line
  if (error.code === 'BAD_DQ_ESCAPE') return { ...diagnostic('', ESCAPE), line }
  if (error.code === 'TAB_AS_INDENT') return { ...diagnostic('', TAB), line }
  const message = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
  return { ...diagnostic('', message), line }
}

const ESCAPE =
  'has a backslash in double quotes, where it begins an escape: write a path of Windows in single quotes, or without any'

const TAB = 'has a tab before its option: YAML is indented by blanks alone'
