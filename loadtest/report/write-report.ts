/** Writes the report beside the results it is made from, and fills the places in pages that are written by hand. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type KeptResults, readResults } from '../results/kept-result.ts'
import { capacityBlock, figuresBlock, fillBlock, missionCapacityBlock } from './blocks.ts'
import { renderReport } from './render-report.ts'

const ROOT = resolve(import.meta.dirname, '../..')
export const DOCUMENT_FOLDER = join(ROOT, 'docs/performance')
export const resultFolder = (folder: string) => join(folder, 'results')

const PICTURES = ['ratios', 'response-bytes', 'connections', 'sessions', 'principals', 'soak']

/** Every file of the report by its path. Pages of the project are filled only from its own folder. */
export function reportFiles(folder: string, results: KeptResults): Map<string, string> {
  const files = new Map([...renderReport(results)].map(([name, content]) => [join(folder, name), content]))
  if (folder !== DOCUMENT_FOLDER) return files
  const fill = (file: string, name: string, content: string) =>
    files.set(file, fillBlock(files.get(file) ?? readFileSync(file, 'utf8'), name, content))
  fill(join(ROOT, 'README.md'), 'figures', figuresBlock(results))
  fill(join(DOCUMENT_FOLDER, 'README.md'), 'capacity', capacityBlock(results))
  fill(join(DOCUMENT_FOLDER, 'README.md'), 'mission-capacity', missionCapacityBlock(results))
  return files
}

/** Returns the names of what was written. Pictures of results that are gone go too. */
export function writeReport(folder: string): string[] {
  const files = reportFiles(folder, readResults(resultFolder(folder)))
  for (const name of PICTURES) rmSync(join(folder, `${name}.svg`), { force: true })
  for (const [file, content] of files) writeFileSync(file, content)
  return [...files.keys()].map(file => relative(process.cwd(), file))
}
