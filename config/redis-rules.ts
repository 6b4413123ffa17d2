/** What must fit together in session.store. */

import { type Diagnostic, diagnostic, type Report } from './diagnostic.ts'
import { isRecord } from './is-record.ts'
import { LOOPBACK } from './loopback.ts'
import type { Config } from './schema.ts'

type Redis = NonNullable<Config['session']['store']['redis']>

const AT = 'session.store.redis'

export function checkRedis({ session: { store }, allowPlainHttp }: Config, report: Report): void {
  const { kind, redis } = store
  if (redis === undefined) {
    if (kind === 'redis') report(AT, 'is required for kind redis')
    return
  }
  redis.urls.forEach((url, index) => {
    checkUrl(`${AT}.urls[${index}]`, url, allowPlainHttp, report)
  })
  checkMode(redis, report)
  checkSecrets(redis, report)
}

/** `value`: what the file holds, before defaults. The default kind is a file, and other instances would have another one. */
export function withoutStoreKind(value: unknown): Diagnostic[] {
  const session = isRecord(value) ? value.session : undefined
  const store = isRecord(session) ? session.store : undefined
  if (!isRecord(store) || store.redis === undefined || store.kind !== undefined) return []
  return [diagnostic(AT, 'has no effect unless session.store.kind is redis: set that')]
}

/** The password is in a file: a URL with one ends up in logs and process lists. */
function checkUrl(path: string, text: string, allowPlain: boolean, report: Report): void {
  const url = URL.parse(text)
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
    return report(path, 'must be a redis:// or rediss:// URL')
  if (url.username !== '' || url.password !== '')
    report(path, 'must not contain credentials: use username and passwordFile')
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    report(path, 'must be scheme, host and port, without a database: use keyPrefix instead')
  if (url.protocol === 'redis:' && !LOOPBACK.test(url.hostname) && !allowPlain)
    report(path, 'must be rediss (redis is only for loopback, or for test setups with allowPlainHttp)')
}

function checkMode({ mode, urls, masterName, sentinelPasswordFile, tls }: Redis, report: Report): void {
  const schemes = new Set(urls.map(url => url.slice(0, url.indexOf(':'))))
  if (schemes.size > 1) report(`${AT}.urls`, 'must all be redis:// or all be rediss://')
  if (schemes.has('redis') && Object.values(tls).some(option => option !== undefined))
    report(`${AT}.tls`, 'is for rediss:// only')
  if (mode === 'single' && urls.length > 1) report(`${AT}.urls`, 'must have one entry with mode single')
  if (mode === 'sentinel' && masterName === undefined) report(`${AT}.masterName`, 'is required with mode sentinel')
  if (mode === 'sentinel') return
  if (masterName !== undefined) report(`${AT}.masterName`, 'is for mode sentinel only')
  if (sentinelPasswordFile !== undefined) report(`${AT}.sentinelPasswordFile`, 'is for mode sentinel only')
}

function checkSecrets({ username, passwordFile }: Redis, report: Report): void {
  if (username !== undefined && passwordFile === undefined) report(`${AT}.passwordFile`, 'is required with username')
}
