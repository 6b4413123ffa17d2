import { parseDocument } from 'yaml'
import { syntaxDiagnostics } from './yaml-syntax.ts'

/** What a file beside the configuration holds. Throws where its text is not YAML, in the words of the configuration, with the line. */
export function yamlContent(text: string): unknown {
  const document = parseDocument(text)
  const [problem] = syntaxDiagnostics(document, text)
  if (problem === undefined) return document.toJS()
  throw new Error(`${problem.line === undefined ? 'it' : `line ${problem.line}`} ${problem.message}`)
}
