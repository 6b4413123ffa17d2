/** What is wrong with a text as YAML, in words for whoever wrote it. */
import type { Document, YAMLError } from 'yaml'
import { type Diagnostic, diagnostic } from './diagnostic.ts'

/** Of these each is a mistake by itself; of others, one makes what follows it look wrong, too. */
const INDEPENDENT = ['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED']

export function syntaxDiagnostics({ errors, warnings }: Document, source: string): Diagnostic[] {
  const blank = strangeBlank(source)
  if (errors.length > 0 && blank !== undefined) return [blank]
  const tab = errors.find(({ code }) => code === 'TAB_AS_INDENT')
  if (tab !== undefined) return [described(tab)]
  // To the library they are words in front of a text.
  const tags = warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')
  const all = [...errors, ...tags]
  const consequence = all.findIndex(({ code }) => !INDEPENDENT.includes(code))
  return (consequence === -1 ? all : all.slice(0, consequence + 1)).map(described)
}

function described({ code, linePos, message }: YAMLError): Diagnostic {
  const words = WORDS[code] ?? (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
  return { ...diagnostic('', words), line: linePos?.[0].line }
}

const WORDS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  MULTILINE_IMPLICIT_KEY: 'has no colon with a blank behind it (`: `) between an option and its value',
  BLOCK_AS_IMPLICIT_KEY:
    'has a second colon with a blank behind it, or the next line is indented deeper: put a value with `: ` into quotes, and begin the options of one section in one column',
  BAD_DQ_ESCAPE:
    'has a backslash in double quotes, where it begins an escape: write a path of Windows in single quotes, or without any',
  TAB_AS_INDENT: 'has a tab before its option: YAML is indented by blanks alone',
  MULTIPLE_DOCS: 'begins another document (`---`): a configuration is one; take the line away',
  TAG_RESOLVE_FAILED:
    'has a tag (`!...`), and there are none here: write the value itself, and secrets into files of their own',
}

/** What editors and web pages put in place of a blank, and nobody sees. */
function strangeBlank(source: string): Diagnostic | undefined {
  const at = source
    .split('\n')
    .findIndex(line => /^[ \t]*[\u00a0\u2000-\u200b\u202f\u3000\ufeff]/.test(line.replace(/^\ufeff/, '')))
  if (at === -1) return undefined
  return {
    ...diagnostic(
      '',
      'is indented by something that only looks like a blank (copied from a page?): type the blanks anew',
    ),
    line: at + 1,
  }
}
