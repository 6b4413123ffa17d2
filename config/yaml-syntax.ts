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
  MULTILINE_IMPLICIT_KEY: 'has no colon followed by a space (`: `) between an option and its value',
  BLOCK_AS_IMPLICIT_KEY:
    'has a second colon followed by a space, or the next line is indented further: quote a value that contains `: `, and indent all options of a section alike',
  DUPLICATE_KEY: 'sets an option for the second time in its section: remove one of the two lines',
  BAD_SCALAR_START:
    'has a value that begins with a character reserved in YAML (`@`, `%` or a backtick): put the value in quotes',
  BAD_INDENT:
    'has a bracket or brace that is not closed, or whose content is not indented: close it with ] or }, and indent what is between',
  BAD_DQ_ESCAPE:
    'has a backslash in double quotes, where it starts an escape sequence: put a Windows path in single quotes, or in none',
  TAB_AS_INDENT: 'has a tab before its option: indent YAML only with spaces',
  MULTIPLE_DOCS: 'starts another document (`---`), but only one is read: remove the line',
  TAG_RESOLVE_FAILED:
    'has a tag (`!...`), but tags are not supported: write the value itself, and put secrets into separate files',
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
      'is indented with characters that only look like spaces (copied from a web page?): type the spaces again',
    ),
    line: at + 1,
  }
}
