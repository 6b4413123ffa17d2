/** Folders left by supervisors that were killed before they could remove their sockets. */
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

/** Prefix of this process' folder names; mkdtemp(3) adds six characters. */
export const ownPrefix = `torhaus-${process.pid}-`

const NAME = /^torhaus-(\d+)-[A-Za-z0-9]{6}$/

/** Whether it is a directory of this account that no other account may access. */
export function isPrivateFolder(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0
}

/** By then, a supervisor has a listening worker or has given up. */
const STARTED_MS = 60_000

/**
 * Removes folders in `parent` whose supervisor is gone and whose sockets nobody answers. Processes of another
 * container that shares `parent` have different process ids, or the same ones; so an empty folder not much older than
 * `own`, this process' folder, is kept, because its supervisor may just be starting. What cannot be removed stays.
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
