/**
 * What one more session and one more principal take of the heap of a process, cached as Torhaus caches them. A process
 * of its own with `--expose-gc`. Argument: how many of each. Writes one JSON line.
 */

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SessionDatabase } from '../../devkit/torhaus/session-database.ts'
import { AssertionIdentity } from '../../src/identity/assertion-identity.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { Changes } from '../../src/store/changes.ts'
import { system } from '../../src/system.ts'
import { seedSessions } from './seed-sessions.ts'

const DAY_S = 86_400

const count = Number(process.argv[2])
const directory = mkdtempSync(join(tmpdir(), 'torhaus-memory-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('needs --expose-gc')
  // Once more for what finalizers of the first let go.
  for (let time = 0; time < 2; time++) globalThis.gc()
  return process.memoryUsage().heapUsed
}

async function bytesPerSession(): Promise<number> {
  const [storeFile, keyFile] = [join(directory, 'sessions.sqlite'), join(directory, 'session-key')]
  const key = randomBytes(32)
  writeFileSync(keyFile, key.toString('base64'), { mode: 0o600 })
  const ids = await seedSessions({
    storeFile,
    keyFile,
    accounts: Array.from({ length: count }, (_, index) => `user-${index}`),
  })
  const store = SessionDatabase.open(storeFile)
  const times = { idleTimeoutSeconds: DAY_S, absoluteTimeoutSeconds: DAY_S, cacheMs: 60_000, maxCached: count }
  const sessions = new Sessions(store, new Sealer([key]), times, new Changes(), system)
  const before = heapBytes()
  // Ids come out of fields of requests, not out of this list: a copy each, as the cache would hold it.
  for (const id of ids) sessions.find(Buffer.from(id).toString())
  const grown = heapBytes() - before
  if (sessions.find(ids[0] ?? '') === undefined) throw new Error('the sessions are not there')
  store.close()
  return Math.round(grown / count)
}

async function bytesPerPrincipal(): Promise<number> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyFile = join(directory, 'assertion-key.pem')
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  const identity = await AssertionIdentity.create(
    {
      field: 'X-Torhaus-Assertion',
      audience: 'devops',
      issuer: 'https://devops.example.test',
      lifetimeSeconds: 600,
      signingKeyFiles: [keyFile],
    },
    Date.now,
  )
  const before = heapBytes()
  for (let index = 0; index < count; index++) await identity.delegate(`user-${index}`)
  const grown = heapBytes() - before
  // Still in use: or there would be nothing left to measure.
  identity.forget('user-0')
  return Math.round(grown / count)
}

const figures = { bytesPerSession: await bytesPerSession(), bytesPerPrincipal: await bytesPerPrincipal() }
process.stdout.write(JSON.stringify(figures))
