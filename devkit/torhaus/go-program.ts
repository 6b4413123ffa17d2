import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { tryCommand } from '../realm/run-command.ts'
import { type Made, madeOnce } from './made-once.ts'

const TIMEOUT_MS = 240_000

/** A program compiled from its Go module, once for this computer. `module`: its main package, without the version. */
export const goProgram = (name: string, module: string, version: string, timeoutMs = TIMEOUT_MS): Promise<Made> =>
  madeOnce(`${name}-${version}`, async work => {
    const folder = join(work, 'bin')
    await mkdir(folder)
    const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0' }
    const options = { cwd: work, timeoutMs, env }
    const made = await tryCommand('go', ['install', '-trimpath', `${module}@v${version}`], options).catch(
      () => undefined,
    )
    if (made === undefined) return { missing: `go is missing, which compiles ${name}` }
    if (made.code !== 0) return { missing: `${name} cannot be had: ${made.stderr.trim().slice(-300)}` }
    return { folder }
  })
