/** Trees that `torhaus` can be run from, Nodes that can run it, and what comes of a run. */
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, linkSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

export const ROOT = resolve(import.meta.dirname, '../..')
const TIMEOUT_MS = 180_000

export interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

export function runTorhaus(args: readonly string[], program = torhausCommand, node = process.execPath): Promise<Ended> {
  return new Promise(done => {
    execFile(node, [program, ...args], { timeout: TIMEOUT_MS }, (error, out, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), out, error: stderr }),
    )
  })
}

/** What git would check out, as far as Torhaus runs by it; returns the path of the command in it. */
export function copyTree(folder: string, also: readonly string[] = []): string {
  for (const name of ['bin', 'config', 'middleware', 'src', 'package.json', ...also])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  return join(folder, 'bin/torhaus.mjs')
}

/** The packages as `npm ci --ignore-scripts` leaves them: all but the Node that a script fetches. */
export function linkPackages(folder: string, withNode: boolean): void {
  const packages = join(ROOT, 'node_modules')
  if (withNode) symlinkSync(packages, join(folder, 'node_modules'))
  else {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(join(packages, 'yaml'), join(folder, 'node_modules/yaml'))
  }
}

/** This Node by another name, as if a person had installed it apart. */
export function otherNode(folder: string): string {
  const path = join(folder, 'node')
  try {
    linkSync(realpathSync(process.execPath), path)
  } catch {
    cpSync(realpathSync(process.execPath), path)
  }
  return path
}

/** A Node of the system that is too old for Torhaus, where there is one. */
export function oldNode(): string | undefined {
  const own = dirname(process.execPath)
  const folders = (process.env.PATH ?? '')
    .split(':')
    .filter(folder => folder !== own && !folder.includes('node_modules'))
  return folders.map(folder => join(folder, 'node')).find(path => existsSync(path) && isOld(path))
}

function isOld(node: string): boolean {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8', timeout: TIMEOUT_MS })
  const major = Number(/^v(\d+)\./.exec(stdout)?.[1])
  return major >= 18 && major < 24
}
