import { existsSync } from 'node:fs'
import { UsageError } from '../../devkit/demo/demo-error.ts'
import { makeOutputFolder } from '../../devkit/demo/output-folder.ts'
import { resultFolder } from './write-report.ts'

/** Throws UsageError where results could not be kept, or where there are none to make the report of. */
export function prepareOutput({
  keepIn,
  renderIn,
}: {
  keepIn: string | undefined
  renderIn: string | undefined
}): void {
  if (keepIn !== undefined) makeOutputFolder(keepIn)
  else if (renderIn !== undefined && !existsSync(resultFolder(renderIn)))
    throw new UsageError(`--render: there are no results in ${resultFolder(renderIn)}`)
}
