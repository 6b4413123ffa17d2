/**
 * What this process holds open: timers (also those that keep nobody running, which `process.getActiveResourcesInfo()`
 * leaves out), sockets, servers, watchers, pipes, and file descriptors, which SQLite has behind the back of Node.
 */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { readdirSync, readlinkSync } from 'node:fs'

const HANDLES = [
  ...['Timeout', 'TCPWRAP', 'TCPSERVERWRAP', 'TLSWRAP', 'PIPEWRAP', 'PIPESERVERWRAP'],
  ...['FSEVENTWRAP', 'STATWATCHER', 'PROCESSWRAP', 'FILEHANDLE'],
]
/** What was closed is gone by then. No more of them: what nobody closes goes with the garbage sooner or later, too. */
const TURNS = 20

/** Returns what is open now and was not when this was called, in words. */
export function watchResources(): () => Promise<readonly string[]> {
  const open = new Map<number, string>()
  const hook = createHook({
    init(id, type) {
      if (HANDLES.includes(type)) open.set(id, `${type}, opened by ${openedBy(new Error().stack ?? '')}`)
    },
    destroy: id => open.delete(id),
  })
  const filesBefore = openFiles()
  const activeBefore = process.getActiveResourcesInfo()
  hook.enable()
  return async () => {
    for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate)
    hook.disable()
    return [
      ...open.values(),
      ...added(filesBefore, openFiles()),
      ...added(activeBefore, process.getActiveResourcesInfo()).filter(type => type !== 'Immediate'),
    ]
  }
}

/** Without Node's own frames. */
const openedBy = (stack: string) =>
  stack
    .split('\n')
    .filter(line => /file:|undici/.test(line))
    .slice(1, 4)
    .map(line => line.trim())
    .join(' ')

/** What open descriptors lead to. */
function openFiles(): string[] {
  assert.equal(process.platform, 'linux')
  return readdirSync('/proc/self/fd').flatMap(descriptor => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)]
    } catch {
      // The one that this very list was read with.
      return []
    }
  })
}

function added(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...before]
  return after.filter(one => {
    const index = rest.indexOf(one)
    if (index !== -1) rest.splice(index, 1)
    return index === -1
  })
}
