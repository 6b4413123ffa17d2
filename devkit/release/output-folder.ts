import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKSUMS, SIGNATURE } from '../../deploy/roll-out/verify-release.ts'
import { UsageError } from '../demo/demo-error.ts'

/**
 * A release takes the place of whatever lies in `folder`, so that must be an earlier one, or nothing: somebody may have
 * named the folder around it, or a variable that was not set.
 */
export function requireReplaceable(folder: string): void {
  const about = lstatSync(folder, { throwIfNoEntry: false })
  if (about === undefined) return
  if (!about.isDirectory()) throw new UsageError(`--output names a folder, and ${folder} is none`)
  const names = readdirSync(folder)
  const ours = new Set([CHECKSUMS, SIGNATURE, ...(names.includes(CHECKSUMS) ? namesIn(join(folder, CHECKSUMS)) : [])])
  const other = names.find(name => !ours.has(name))
  if (other !== undefined)
    throw new UsageError(
      `${folder} would be replaced, and holds ${other}, which is not of a release: name a new folder with --output`,
    )
}

const namesIn = (checksums: string) =>
  readFileSync(checksums, 'utf8')
    .split('\n')
    .flatMap(line => line.split('  ')[1] ?? [])
