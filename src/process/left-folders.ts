/** Folders for sockets of supervisors that were killed, and could not take them away. */
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

/** What names of such folders of this process begin with; mkdtemp(3) adds six characters. */
export const ownPrefix = `torhaus-${process.pid}-`

const NAME = /^torhaus-(\d+)-[A-Za-z0-9]{6}$/

/** A directory of this account that nobody else may look into. */
export function isPrivateFolder(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0
}

/** By then a supervisor has a worker that listens, unless it has given up. */
const STARTED_MS = 60_000

/**
 * Removes those in `parent` whose supervisor is gone, and where no worker answers any more: processes of another container
 * have other numbers, or our own, and share the folder perhaps. So what is empty and not much older than `own`, the folder
 * of this process there, may be of one that is just starting. What cannot be removed stays.
 */
export async function removeLeftFolders(parent: string, own: string): Promise<void> {
  const oldMs = lstatSync(own).mtimeMs - STARTED_MS
  const left = readdirSync(parent)
    .filter(name => {
      const pid = Number(NAME.exec(name)?.[1])
      return !Number.isNaN(pid) && (pid === process.pid || !isAlive(pid))
    })
    .map(name => join(parent, name))
    .filter(folder => folder !== own && isPrivateFolder(folder))
  for (const folder of left) {
    const sockets = readdirSync(folder)
    if (sockets.length === 0 && lstatSync(folder).mtimeMs > oldMs) continue
    const answers = await Promise.all(sockets.map(socket => answersAt(join(folder, socket))))
    if (!answers.includes(true)) rmSync(folder, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function answersAt(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path, () => resolve(true))
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(!GONE.includes(error.code ?? '')))
  return promise.finally(() => socket.destroy())
}

const GONE: readonly string[] = ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK']
