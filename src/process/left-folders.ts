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

/**
 * Removes those in `parent` whose supervisor is gone, and where no worker answers any more: processes of another container
 * have other numbers, and share the folder perhaps. To be called before this process has a folder of its own there: what
 * bears its number is of an earlier one. What cannot be removed stays.
 */
export async function removeLeftFolders(parent: string): Promise<void> {
  const left = readdirSync(parent).filter(name => {
    const pid = Number(NAME.exec(name)?.[1])
    return !Number.isNaN(pid) && (pid === process.pid || !isAlive(pid)) && isPrivateFolder(join(parent, name))
  })
  for (const name of left) {
    const folder = join(parent, name)
    const answers = await Promise.all(readdirSync(folder).map(socket => answersAt(join(folder, socket))))
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
