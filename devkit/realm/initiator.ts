/**
 * An independent GSSAPI initiator: npm `kerberos`, compiled on demand, in a process of its own.
 * It shares no code with src/kerberos, so the two check each other.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { access, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { runCommand } from './run-command.ts'

const PACKAGES = ['libkrb5-dev', 'g++', 'make', 'python3']
const SOURCE = join(import.meta.dirname, 'initiator')
const DEFAULT_CACHE = join(import.meta.dirname, '../../.cache/lab')
const COMPILE_TIMEOUT_MS = 5 * 60_000

type TokenRequest = {
  /** GSSAPI's form: `HTTP@devops.corp.test`. */
  readonly spn: string
  /** KRB5CCNAME of the account that asks. */
  readonly ccache: string
}

export type Initiator = {
  /** A fresh SPNEGO token in base64, for `Authorization: Negotiate`. @throws with GSSAPI's message. */
  negotiateToken(request: TokenRequest): Promise<string>
  close(): Promise<void>
}

/** One child for any number of accounts and tokens; the first start on a machine compiles for about ten seconds. */
export async function startInitiator(options: {
  readonly krb5Config: string
  readonly cacheDirectory?: string
}): Promise<Initiator> {
  const installed = await installedInitiator(options.cacheDirectory ?? DEFAULT_CACHE)
  const child = fork(join(SOURCE, 'negotiate.ts'), [join(installed, 'package.json')], {
    env: { PATH: process.env.PATH, KRB5_CONFIG: options.krb5Config },
  })
  const waiting = new Map<number, { resolve(token: string): void; reject(error: Error): void }>()
  child.on('message', (answer: { id: number; token: string } | { id: number; error: string }) => {
    const caller = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('token' in answer) caller?.resolve(answer.token)
    else caller?.reject(new Error(answer.error))
  })
  child.on('exit', () => {
    for (const caller of waiting.values()) caller.reject(new Error('the initiator ended'))
    waiting.clear()
  })
  await once(child, 'spawn')
  let lastId = 0
  return {
    negotiateToken(request) {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        child.send({ id, ...request }, error => {
          if (error) reject(error)
        })
      })
    },
    close: () => endChild(child),
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Installed aside and renamed into place: another test file that starts meanwhile sees all of it or nothing. */
async function installedInitiator(cacheDirectory: string): Promise<string> {
  const lock = await readFile(join(SOURCE, 'package-lock.json'))
  // Node-API is stable from one Node to the next; the machine's architecture is not.
  const key = createHash('sha256').update(lock).update(process.arch).digest('hex').slice(0, 20)
  const place = join(cacheDirectory, `initiator-${key}`)
  if (await exists(place)) return place
  await ensureDebianPackages(PACKAGES)
  await mkdir(cacheDirectory, { recursive: true })
  const unfinished = await mkdtemp(`${place}.`)
  try {
    for (const name of ['package.json', 'package-lock.json']) await cp(join(SOURCE, name), join(unfinished, name))
    const env = { ...process.env, ...(await installedHeaders()) }
    await runCommand('npm', ['ci', '--no-audit', '--no-fund'], { cwd: unfinished, env, timeoutMs: COMPILE_TIMEOUT_MS })
    // A loser of the race finds a whole one in its place.
    await rename(unfinished, place).catch(async error => {
      if (!(await exists(place))) throw error
    })
    return place
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** Node's own headers where the machine has some: node-gyp would download them. Any recent ones do for Node-API. */
async function installedHeaders(): Promise<NodeJS.ProcessEnv> {
  for (const prefix of [join(process.execPath, '../..'), '/usr/local', '/usr']) {
    if (await exists(join(prefix, 'include/node/node_api.h'))) return { npm_config_nodedir: prefix }
  }
  return {}
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
