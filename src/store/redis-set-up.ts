/**
 * Checks that Redis is set up as docs/redis.md requires: version, memory, persistence, replicas and permissions of its
 * user. Most of it comes from INFO; permissions are tested on keys of Torhaus that are deleted at once.
 */
import { randomUUID } from 'node:crypto'
import type { RedisConnection } from './redis-connection.ts'
import { RedisNames } from './redis-names.ts'
import { isNotAllowed, isUnknownCommand, textOf } from './redis-reply.ts'
import type { StoreFinding } from './store-finding.ts'

/** The first version with GETDEL, ZADD with GT and ZRANGE with BYSCORE. */
const OLDEST = [6, 2] as const
const SCRATCH_MS = '10000'

type Link = Pick<RedisConnection, 'call'>

export class RedisSetUp {
  readonly #link: Link
  readonly #names: RedisNames
  /** Optional commands that were refused are not tried again: each refusal counts as an error of the store. */
  readonly #refused = new Set<string>()

  constructor(link: Link, names: RedisNames) {
    this.#link = link
    this.#names = names
  }

  /** Rejects with `store-unavailable` if Redis is unavailable. */
  async findings(): Promise<StoreFinding[]> {
    const tag = randomUUID()
    const { refused, unknown } = await refusedCommands(this.#link, this.#names, tag)
    const info = await this.#optional(tag, 'INFO')
    await this.#optional(tag, 'TIME')
    return [
      ...commandFindings(unknown),
      ...aclFindings(refused, this.#refused.has('TIME')),
      ...(info === undefined ? [UNSEEN] : infoFindings(infoOf(info))),
    ]
  }

  /** Undefined if the user may not run the command. */
  async #optional(tag: string, command: string): Promise<unknown> {
    if (this.#refused.has(command)) return undefined
    try {
      return await this.#link.call(tag, command)
    } catch (error) {
      if (!isNotAllowed(error)) throw error
      this.#refused.add(command)
      return undefined
    }
  }
}

/** Checks once, for keys with that prefix. */
export const redisSetUpFindings = (link: Link, keyPrefix: string): Promise<StoreFinding[]> =>
  new RedisSetUp(link, new RedisNames(keyPrefix)).findings()

const UNSEEN: StoreFinding = {
  code: 'redis-unseen',
  severity: 'unknown',
  message:
    'the version, maxmemory-policy and persistence of Redis cannot be checked, because its user may not run INFO',
  remedy:
    'give the user +info, take a rename-command of INFO out of the configuration of Redis, or compare with docs/redis.md by hand',
}

/** The commands that are refused or unknown, tried on keys of one hash slot. */
async function refusedCommands(
  link: Link,
  names: RedisNames,
  tag: string,
): Promise<Record<'refused' | 'unknown', readonly string[]>> {
  const [text, hash, list, set] = ['text', 'hash', 'list', 'set'].map(kind => names.key(`check-${kind}`, tag))
  if (text === undefined || hash === undefined || list === undefined || set === undefined)
    return { refused: [], unknown: [] }
  const commands: readonly (readonly string[])[] = [
    ['SET', text, '1', 'PX', SCRATCH_MS],
    ['GET', text],
    ['EXISTS', text],
    ['PTTL', text],
    ['PEXPIRE', text, SCRATCH_MS],
    ['GETDEL', text],
    ['HSET', hash, 'f', '1'],
    ['PEXPIRE', hash, SCRATCH_MS],
    ['HGET', hash, 'f'],
    ['HMGET', hash, 'f'],
    ['HGETALL', hash],
    ['HEXISTS', hash, 'f'],
    ['HLEN', hash],
    ['HDEL', hash, 'f'],
    ['RPUSH', list, '1'],
    ['PEXPIRE', list, SCRATCH_MS],
    ['LREM', list, '1', '2'],
    ['LPOP', list],
    ['ZADD', set, '1', 'm'],
    ['PEXPIRE', set, SCRATCH_MS],
    ['ZCARD', set],
    ['ZRANGE', set, '0', '-1'],
    ['ZREMRANGEBYSCORE', set, '5', '5'],
    ['ZREM', set, 'm'],
    ['EVAL', 'return 1', '1', text],
    ['EVALSHA', '0'.repeat(40), '1', text],
    ['DEL', text, hash, list, set],
  ]
  const found = { refused: new Set<string>(), unknown: new Set<string>() }
  await Promise.all(
    commands.map(([name = '', ...args]) =>
      link.call(tag, name, ...args).catch((error: unknown) => {
        // Other errors are about the state of Redis, which is monitored elsewhere.
        if (isUnknownCommand(error)) found.unknown.add(name)
        else if (isNotAllowed(error)) found.refused.add(name)
      }),
    ),
  )
  return { refused: [...found.refused], unknown: [...found.unknown] }
}

function commandFindings(unknown: readonly string[]): StoreFinding[] {
  if (unknown.length === 0) return []
  const names = unknown.join(', ')
  return [
    {
      code: 'redis-commands',
      severity: 'warning',
      message: `Redis does not know ${names}: requests that need them get 503`,
      remedy: `remove the rename-command for ${names} from its configuration, and use an ACL to restrict them (docs/redis.md)`,
    },
  ]
}

function aclFindings(needed: readonly string[], isTimeRefused: boolean): StoreFinding[] {
  const findings: StoreFinding[] = []
  if (needed.length > 0)
    findings.push({
      code: 'redis-acl',
      severity: 'warning',
      message: `the user of Redis may not run ${needed.join(', ')} on our keys: requests that need them get 503`,
      remedy: `allow the user ${needed.map(name => `+${name.toLowerCase()}`).join(' ')} and the keys in docs/redis.md`,
    })
  if (isTimeRefused)
    findings.push({
      code: 'redis-time',
      severity: 'warning',
      message:
        'the user of Redis may not run TIME: leases go by the clocks of the machines, whose difference nobody sees',
      remedy: 'allow the user +time, and remove any rename-command for TIME from the configuration of Redis',
    })
  return findings
}

/** Parses the reply of INFO: lines of `name:value`, and headings. */
function infoOf(reply: unknown): ReadonlyMap<string, string> {
  const lines = textOf(reply).split(/\r?\n/)
  return new Map(lines.filter(line => line.includes(':')).map(line => split(line)))
}

function split(line: string): [string, string] {
  const at = line.indexOf(':')
  return [line.slice(0, at), line.slice(at + 1)]
}

function infoFindings(fields: ReadonlyMap<string, string>): StoreFinding[] {
  const version = fields.get('redis_version') ?? ''
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isTooOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  const warn = (is: boolean, code: string, message: string, remedy: string): StoreFinding[] =>
    is ? [{ code, severity: 'warning', message, remedy }] : []
  const policy = fields.get('maxmemory_policy') ?? 'noeviction'
  return [
    ...(isTooOld
      ? [
          {
            code: 'redis-version',
            severity: 'refused' as const,
            message: `Redis ${version} is too old`,
            remedy: `Redis ${OLDEST.join('.')} or later is needed`,
          },
        ]
      : []),
    ...warn(
      policy !== 'noeviction',
      'redis-eviction',
      `maxmemory-policy is ${policy}: where memory runs short, people are signed out and blocked tokens pass again`,
      'CONFIG SET maxmemory-policy noeviction, and in its configuration file',
    ),
    ...warn(
      fields.get('aof_enabled') === '0',
      'redis-persistence',
      'appendonly is off: a restart of Redis signs people out, and forgets which tokens are blocked',
      'CONFIG SET appendonly yes, and in its configuration file',
    ),
    ...warn(
      fields.get('aof_last_write_status') === 'err' || fields.get('rdb_last_bgsave_status') === 'err',
      'redis-persistence-failed',
      'Redis could not write its files the last time: a restart loses what came since',
      'look at its log, and at the room on its disk',
    ),
    ...warn(
      fields.get('role') === 'slave',
      'redis-replica',
      'this Redis is a replica, which takes no writes',
      'name the master in session.store.redis.urls, or use mode sentinel',
    ),
    ...warn(
      Number(fields.get('connected_slaves') ?? 0) > 0 && !fields.has('min_slaves_good_slaves'),
      'redis-replication',
      'min-replicas-to-write is 0: a fail-over may undo the last sign-outs and blocks',
      'CONFIG SET min-replicas-to-write 1, and in its configuration file',
    ),
  ]
}
