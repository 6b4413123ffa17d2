/** `npm run config:check -- FILE`: all problems of a configuration at once, or "is valid". */
import { loadConfig } from '../../config/load.ts'
import type { Problem } from '../../config/problem.ts'

export function printProblems(fileName: string, problems: readonly Problem[]): string {
  const line = ({ line, path, message }: Problem) =>
    [`${fileName}${line === undefined ? '' : `:${line}`}`, path, message].filter(Boolean).join(': ')
  return `${problems.map(line).join('\n')}\n`
}

if (import.meta.main) {
  const [fileName, ...rest] = process.argv.slice(2)
  if (fileName === undefined || rest.length > 0) {
    process.stderr.write('usage: npm run config:check -- FILE\n')
    process.exit(2)
  }
  const loaded = loadConfig(fileName, process.env)
  if (loaded.ok) process.stdout.write(`${fileName} is valid\n`)
  else process.stderr.write(printProblems(fileName, loaded.problems))
  process.exit(loaded.ok ? 0 : 1)
}
