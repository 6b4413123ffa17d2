/**
 * What the files of a configuration held when it was read, and how they were. Whoever runs by it reads them here: a
 * worker that takes the place of another one, hours later, has the certificate and the keys of those beside it, whatever
 * lies under these names by then, and perhaps was refused.
 */
import { readFileSync, type Stats, statSync } from 'node:fs'

type FileContents = ReadonlyMap<string, Buffer>

export interface FilesRead {
  readonly names: readonly string[]
  /** Of each, as it was before it was read: what changes from then on is a change. */
  readonly states: readonly string[]
  /** Of those that can be read; why another one cannot is told by who looks at it. */
  readonly contents: FileContents
}

/** No file that is meant is as long; what is longer is read when it is needed. */
const MAX_KEPT_BYTES = 8_388_608

const NOTHING: FileContents = new Map()

let kept = NOTHING
const ofConfigurations = new WeakMap<object, FilesRead>()

export function readFiles(names: readonly string[]): FilesRead {
  const states = statesOf(names)
  return {
    names,
    states,
    contents: new Map(names.flatMap(name => readable(name).map(bytes => [name, bytes] as const))),
  }
}

function readable(fileName: string): readonly Buffer[] {
  try {
    const about = statSync(fileName)
    return about.isFile() && about.size <= MAX_KEPT_BYTES ? [readFileSync(fileName)] : []
  } catch {
    return []
  }
}

/** To be compared with what they are later. */
export const statesOf = (fileNames: readonly string[]): readonly string[] => fileNames.map(stateOf)

function stateOf(fileName: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(fileName)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch (error) {
    // Missing, or out of reach for now: that is a state like any other, and no reason to end the process.
    return String((error as NodeJS.ErrnoException).code)
  }
}

/** As `readFileSync`, but for what is kept, and for pipes: nobody may write to one, and it gives each word once. */
export const bytesIn = (fileName: string): Buffer => kept.get(fileName) ?? fileBytes(fileName)

function fileBytes(fileName: string): Buffer {
  const about = statSync(fileName)
  const problem = fileProblem(about)
  if (problem !== undefined)
    throw Object.assign(new Error(`${fileName} ${problem}`), about.isDirectory() && { code: 'EISDIR' })
  return readFileSync(fileName)
}

/** A list of revoked certificates may have some ten; each process reads it, and hears of no signal meanwhile. */
const MAX_MEBIBYTES = 64
const MEBIBYTE = 1_048_576

/** Why what lies there is not to be read, in words, or undefined. */
export function fileProblem(about: Stats): string | undefined {
  if (about.isDirectory()) return 'is a folder: name a file in it'
  if (!about.isFile()) return 'is a pipe, a socket or a device, but is read more than once: name a regular file'
  if (about.size <= MAX_MEBIBYTES * MEBIBYTE) return undefined
  return `has ${Math.ceil(about.size / MEBIBYTE)} MiB, but the limit is ${MAX_MEBIBYTES} MiB: is it the right file?`
}

/** Undefined where it is to be read. */
export const keptBytes = (fileName: string): Buffer | undefined => kept.get(fileName)

/** From now on, in this process. */
export function keepContents(contents: FileContents): void {
  kept = contents
}

/** While `work` runs, which waits for nothing. */
export function withContents<T>(contents: FileContents, work: () => T): T {
  const before = kept
  kept = contents
  try {
    return work()
  } finally {
    kept = before
  }
}

export function rememberFiles(config: object, files: FilesRead): void {
  ofConfigurations.set(config, files)
}

/** Undefined of a configuration that came from no file. */
export const filesFor = (config: object): FilesRead | undefined => ofConfigurations.get(config)

export const contentsFor = (config: object): FileContents => filesFor(config)?.contents ?? NOTHING
