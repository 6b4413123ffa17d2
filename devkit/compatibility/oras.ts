import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { tryCommand } from '../realm/run-command.ts'
import { type Made, madeOnce } from '../torhaus/made-once.ts'

const VERSION = '1.2.3'
const MODULE = `oras.land/oras/cmd/oras@v${VERSION}`
const TIMEOUT_MS = 240_000

/** oras, compiled from its Go module. */
export const bringOras = (): Promise<Made> =>
  madeOnce(`oras-${VERSION}`, async work => {
    const folder = join(work, 'bin')
    await mkdir(folder)
    const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0' }
    const options = { cwd: work, timeoutMs: TIMEOUT_MS, env }
    const made = await tryCommand('go', ['install', '-trimpath', MODULE], options).catch(() => undefined)
    if (made === undefined) return { missing: 'go is missing, which compiles oras' }
    if (made.code !== 0) return { missing: `oras cannot be had: ${made.stderr.trim().slice(-300)}` }
    return { folder }
  })
