/** A connection to one Redis, to the master of a Sentinel or to a Redis Cluster: opened, used and discarded as a whole. */
import { readFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { createClient, createCluster, createSentinel, type RedisClientOptions } from '@redis/client'
import { bareHost } from '../../config/bare-host.ts'
import { bytesIn } from '../../config/files-read.ts'
import type { Config } from '../../config/schema.ts'
import { readSecret } from '../../config/secret.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Random } from '../clock.ts'
import { untilSlotMoved } from './redis-moving-slot.ts'
import { mastersOf, type RedisServer, urlOf } from './redis-servers.ts'

export type RedisSettings = NonNullable<Config['session']['store']['redis']>

export interface RedisDriver {
  /** The servers currently used. */
  servers(): readonly RedisServer[]
  /** `key` selects the node of a cluster. Rejects with the error of Redis or of the client. Has no timeout. */
  send(key: string, args: readonly string[]): Promise<unknown>
  close(): Awaitable<void>
}

export interface Subscription {
  readonly channel: string
  readonly receive: (message: string) => void
  /** A connection was made, possibly replacing another: messages may have been lost in between. */
  readonly connected: () => void
  readonly random: Random
  /** Default: the system's resolver, for which each connection waits. */
  readonly lookup?: LookupFunction | undefined
}

/** A connection on which Redis reports changes. Reconnects by itself. */
export interface TrackingClient {
  on(event: 'error', listener: (error: unknown) => void): unknown
  on(event: 'ready', listener: () => void): unknown
  /** A tracked key changed; null: any key may have. */
  on(event: 'invalidate', listener: (name: Buffer | string | null) => void): unknown
  connect(): Promise<unknown>
  sendCommand(args: string[]): Promise<unknown>
  readonly isOpen: boolean
  destroy(): void
}

/** `isWanted`: whether to keep reconnecting. */
export type OpenTracking = (url: string, isWanted: () => boolean) => TrackingClient

export function trackingClient(
  settings: RedisSettings,
  { random, lookup }: Pick<Subscription, 'lookup' | 'random'>,
): OpenTracking {
  return (url, isWanted) => {
    const retryAfter: RetryAfter = retries => isWanted() && reconnectAfterMs(retries, random)
    return createClient({
      ...nodeOptions(settings, { retryAfter, lookup }, settings.passwordFile),
      ...{ url, RESP: 3, emitInvalidate: true },
    })
  }
}

/** Most commands waiting for a reply; more are refused, so that a hanging Redis does not fill the memory. */
const MAX_COMMANDS = 10_000
const FIRST_RECONNECT_MS = 50
const LAST_RECONNECT_MS = 2000
/** How often the sentinels are asked for the master, besides their own notifications. */
const SENTINEL_SCAN_MS = 5000
/** The tag if one server has all keys. */
const ANY_TAG = 'all'

/**
 * Connects and subscribes. Rejects at the first error, after `connectTimeoutMs`, or when `signal` aborts; then nothing
 * is left open. Once open, it reconnects by itself.
 */
export async function openRedisDriver(
  settings: RedisSettings,
  subscription: Subscription,
  signal: AbortSignal,
): Promise<RedisDriver> {
  const { connectTimeoutMs } = settings
  let isOpen = false
  // Until open, the first failure ends it: a failed attempt must not leave a timer for another one.
  const retryAfter: RetryAfter = retries => isOpen && reconnectAfterMs(retries, subscription.random)
  const candidate = candidateOf(settings, { retryAfter, lookup: subscription.lookup })
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>()
  const timer = setTimeout(() => stop(new Error(`no connection within ${connectTimeoutMs} ms`)), connectTimeoutMs)
  const abort = () => stop(signal.reason)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    await Promise.race([candidate.open(subscription), candidate.failed, stopped])
    isOpen = true
    return candidate
  } catch (error) {
    await candidate.close()
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** Delay in milliseconds; false: do not retry. */
type RetryAfter = (retries: number) => number | false

interface Reaching {
  readonly retryAfter: RetryAfter
  readonly lookup: LookupFunction | undefined
}

interface Candidate extends RedisDriver {
  open(subscription: Subscription): Promise<void>
  /** Rejects at the first error, because the clients emit errors as events and retry. */
  readonly failed: Promise<never>
}

function candidateOf(settings: RedisSettings, reaching: Reaching): Candidate {
  if (settings.mode === 'cluster') return clusterCandidate(settings, reaching)
  return settings.mode === 'sentinel' ? sentinelCandidate(settings, reaching) : singleCandidate(settings, reaching)
}

function singleCandidate(settings: RedisSettings, reaching: Reaching): Candidate {
  const client = createClient({
    ...nodeOptions(settings, reaching, settings.passwordFile),
    url: settings.urls[0] ?? '',
  })
  return {
    failed: firstError(client),
    servers: () => [{ url: settings.urls[0] ?? '', tag: ANY_TAG }],
    async open({ channel, receive, connected }) {
      client.on('ready', connected)
      await client.connect()
      await client.subscribe(channel, receive)
    },
    send: (_key, args) => client.sendCommand(args),
    close: () => client.destroy(),
  }
}

function clusterCandidate(settings: RedisSettings, reaching: Reaching): Candidate {
  const cluster = createCluster({
    rootNodes: settings.urls.map(url => ({ url })),
    defaults: nodeOptions(settings, reaching, settings.passwordFile),
    // An unavailable node must not prevent the use of the others.
    minimizeConnections: true,
  })
  return {
    failed: firstError(cluster),
    servers: () => mastersOf(cluster.slots, schemeOf(settings)),
    async open({ channel, receive, connected }) {
      cluster.on('node-ready', connected)
      await cluster.connect()
      await cluster.subscribe(channel, receive)
    },
    // Well below the command timeout, because the other nodes work.
    send: (key, args) =>
      untilSlotMoved(() => cluster.sendCommand(key, false, [...args]), settings.commandTimeoutMs / 2),
    close: () => cluster.destroy(),
  }
}

function sentinelCandidate(settings: RedisSettings, reaching: Reaching): Candidate {
  const sentinel = createSentinel({
    name: settings.masterName ?? '',
    sentinelRootNodes: settings.urls.map(text => {
      const { hostname, port } = new URL(text)
      return { host: bareHost(hostname), port: Number(port || 26_379) }
    }),
    nodeClientOptions: nodeOptions(settings, reaching, settings.passwordFile),
    sentinelClientOptions: nodeOptions({ ...settings, username: undefined }, reaching, settings.sentinelPasswordFile),
    scanInterval: SENTINEL_SCAN_MS,
    maxCommandRediscovers: 3,
  })
  return {
    failed: firstError(sentinel),
    servers() {
      const master = sentinel.getMasterNode()
      return master === undefined ? [] : [{ url: urlOf(master, schemeOf(settings)), tag: ANY_TAG }]
    },
    async open({ channel, receive, connected }) {
      sentinel.on('ready', connected)
      await sentinel.connect()
      await sentinel.subscribe(channel, receive)
    },
    send: (_key, args) => sentinel.sendCommand(false, [...args]),
    close: () => sentinel.destroy().catch(() => undefined),
  }
}

const schemeOf = ({ urls }: Pick<RedisSettings, 'urls'>): string => new URL(urls[0] ?? '').protocol

/** Later errors show as failed commands. */
function firstError(emitter: { on(event: 'error', listener: (error: unknown) => void): unknown }): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    emitter.on('error', error => reject(error instanceof Error ? error : new Error(String(error))))
  })
  // Prevents an unhandled rejection when nobody awaits it.
  failed.catch(() => undefined)
  return failed
}

function nodeOptions(
  {
    username,
    urls,
    tls,
    connectTimeoutMs,
  }: Pick<RedisSettings, 'urls' | 'tls' | 'connectTimeoutMs'> & {
    readonly username?: string | undefined
  },
  { retryAfter, lookup }: Reaching,
  passwordFile: string | undefined,
) {
  return {
    socket: {
      connectTimeout: connectTimeoutMs,
      reconnectStrategy: retryAfter,
      ...(lookup === undefined ? {} : { lookup }),
      ...(schemeOf({ urls }) === 'rediss:' ? tlsOptions(tls) : {}),
    },
    ...(passwordFile === undefined
      ? {}
      : {
          credentialsProvider: {
            type: 'async-credentials-provider',
            credentials: async () => ({
              ...(username === undefined ? {} : { username }),
              password: readSecret(passwordFile, readFileSync).reveal(),
            }),
          } as const,
        }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: MAX_COMMANDS,
    // The caller has its own timeout; that of the client would be a timer per command that outlives the command.
    commandOptions: { timeout: 0 },
  } satisfies RedisClientOptions
}

function tlsOptions({ caFile, serverName, certificateFile, privateKeyFile }: RedisSettings['tls']) {
  return {
    tls: true as const,
    ...(caFile === undefined ? {} : { ca: bytesIn(caFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(certificateFile === undefined ? {} : { cert: bytesIn(certificateFile) }),
    ...(privateKeyFile === undefined ? {} : { key: bytesIn(privateKeyFile) }),
  }
}

/** Exponential back-off with jitter of up to one half, so that the processes do not all reconnect at once. */
function reconnectAfterMs(retries: number, random: Random): number {
  const longestMs = Math.min(FIRST_RECONNECT_MS * 2 ** Math.min(retries, 10), LAST_RECONNECT_MS)
  return longestMs * (0.5 + random() / 2)
}
