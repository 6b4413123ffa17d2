import { hash } from 'node:crypto'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../io/make-folder.ts'
import { KerberosError } from './kerberos-error.ts'
import { ReplayGeneration } from './replay-generation.ts'
import { TAG_BYTES } from './tag-table.ts'

export interface ReplayCache extends Disposable {
  /**
   * Rejects with `replay` unless nobody on this machine has seen the authenticator before, and with `internal` where
   * that cannot be known.
   */
  check(authenticator: Buffer, timeMs: number): Promise<void>
}

export interface ReplayCacheOptions {
  /** Shared by all processes of this service; made if missing. */
  readonly directory: string
  /** Authenticators further from our clock are refused before they come here. */
  readonly skewMs: number
  readonly now: () => number
  /** Milliseconds of a clock that is never set; default: `now`. */
  readonly monotonic?: () => number
}

/** A file whose time is over, as the clock says. */
interface Past {
  readonly bytes: number
  readonly sinceMs: number
}

const GENERATION_MS = 300_000
const FILE = /^replay-(\d+)$/

/**
 * Authenticators seen before (RFC 4120 3.2.3), filed by the time that they contain: a replayed one has the same time,
 * so only one file has to be searched. A file is removed some time after the last authenticator of its period would be
 * refused for its age; not at once, because a clock that went far ahead may be corrected, and earlier ones would be
 * valid again. Nothing is flushed: a restart of the service loses nothing, and a power failure loses the last seconds.
 */
export function createReplayCache({ directory, skewMs, now, monotonic = now }: ReplayCacheOptions): ReplayCache {
  makePrivate(directory)
  const generations = new Map<number, ReplayGeneration>()
  const past = new Map<string, Past>()
  const isPast = (number: number): boolean => (number + 1) * GENERATION_MS + skewMs < now()

  // By then whatever was seen until the clock said so is too old by any clock, and nobody has added to it since.
  const isLongPast = (path: string): boolean => {
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    const known = past.get(path)
    if (known?.bytes === bytes) return monotonic() - known.sinceMs > 2 * skewMs
    past.set(path, { bytes, sinceMs: monotonic() })
    return false
  }
  const removePast = (): void => {
    for (const [number, generation] of generations) {
      if (!isPast(number)) continue
      generation[Symbol.dispose]()
      generations.delete(number)
    }
    for (const name of readdirSync(directory)) {
      const number = FILE.exec(name)?.[1]
      if (number === undefined) continue
      const path = join(directory, name)
      if (!isPast(Number(number))) past.delete(path)
      else if (isLongPast(path)) {
        past.delete(path)
        void rm(path, { force: true }).catch(() => undefined)
      }
    }
  }
  const generationOf = (timeMs: number): ReplayGeneration => {
    const number = Math.floor(timeMs / GENERATION_MS)
    let generation = generations.get(number)
    if (generation === undefined) {
      // Programs that clean up temporary files may have removed the directory.
      makePrivate(directory)
      removePast()
      generation = new ReplayGeneration(join(directory, `replay-${number}`))
      generations.set(number, generation)
    }
    return generation
  }
  const isFirst = async (tag: Buffer, timeMs: number): Promise<boolean> => {
    let generation: ReplayGeneration | undefined
    try {
      generation = generationOf(timeMs)
      return await generation.add(tag)
    } catch (cause) {
      // Opened anew, the file is mended where it can be.
      if (generation !== undefined) drop(generation, timeMs)
      throw new KerberosError('internal', 'accept', { text: 'replay cache', cause })
    }
  }
  /** Unless another one took its place already. */
  const drop = (generation: ReplayGeneration, timeMs: number): void => {
    const number = Math.floor(timeMs / GENERATION_MS)
    if (generations.get(number) !== generation) return
    generations.delete(number)
    generation[Symbol.dispose]()
  }
  return {
    async check(authenticator, timeMs) {
      // As text of one octet a character: a buffer would take three times as long.
      const tag = Buffer.from(hash('sha256', authenticator, 'latin1').slice(0, TAG_BYTES), 'latin1')
      if (!(await isFirst(tag, timeMs))) throw new KerberosError('replay', 'accept')
    },
    [Symbol.dispose]() {
      for (const generation of generations.values()) generation[Symbol.dispose]()
      generations.clear()
    },
  }
}

/** What others can write to, others can empty. */
function makePrivate(directory: string): void {
  try {
    makeFolder(directory, 0o700)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    const remedy = 'name a folder for the replay cache that this account owns (kerberos.replayCacheDirectory)'
    throw new Error(`${directory} cannot be made (${code}): ${remedy}`, { cause })
  }
  const found = lstatSync(directory)
  const ours = process.getuid?.()
  const isPrivate = ours === undefined || (found.uid === ours && (found.mode & 0o022) === 0)
  if (!found.isDirectory() || !isPrivate)
    throw new Error(
      `${directory} must be a directory that only this account can write to (kerberos.replayCacheDirectory)`,
    )
}
