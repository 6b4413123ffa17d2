/** What happens to the store, and to clocks, while sessions are refreshed and people leave. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './fault.ts'
import type { StateEnvironment } from './state-environment.ts'

type StateFault = Fault<StateEnvironment>

/** With questions to the OP under way, whose answers come in the midst of it. */
function duringRefresh(name: string, begin: (environment: StateEnvironment) => Promise<() => unknown>): StateFault {
  return {
    name: `refresh with rotation: ${name}`,
    sparesPushes: true,
    async happen(environment, { leave }) {
      await environment.refreshesUnderWay()
      let leaving: Promise<void> | undefined
      const end = await begin(environment)
      try {
        environment.answer()
        await sleep(500)
        leaving = leave()
        await sleep(1000)
      } finally {
        await end()
      }
      await leaving
    },
  }
}

function during(name: string, begin: (environment: StateEnvironment) => Promise<() => unknown>): StateFault {
  return {
    name,
    sparesPushes: true,
    async happen(environment, { leave }) {
      const end = await begin(environment)
      try {
        await sleep(1000)
        await leave()
        await sleep(1000)
      } finally {
        await end()
      }
    },
  }
}

async function reload({ instances }: StateEnvironment): Promise<() => void> {
  for (let time = 0; time < 3; time++, await sleep(500)) for (const instance of instances) instance.signal('SIGHUP')
  return () => undefined
}

const cli =
  (...args: string[]) =>
  ({ redis }: StateEnvironment) =>
    redis?.cli(...args)

/** `begin` and `end`: commands of redis-cli. */
const byCommand =
  (begin: readonly string[], end: readonly string[]) =>
  async (environment: StateEnvironment): Promise<() => unknown> => {
    await cli(...begin)(environment)
    return () => cli(...end)(environment)
  }

const setClock =
  (aheadS: number) =>
  async ({ clock }: StateEnvironment) => {
    await clock?.set(aheadS)
    // Within a second it is seen.
    await sleep(1000)
    return () => clock?.set(0)
  }

const FULL = byCommand(['CONFIG', 'SET', 'maxmemory', '1mb'], ['CONFIG', 'SET', 'maxmemory', '0'])
/** As somebody might shorten the line of docs/redis.md. */
const MAY_NOT_DELETE = byCommand(['ACL', 'SETUSER', 'default', '-del', '-hdel'], ['ACL', 'SETUSER', 'default', '+@all'])
const MAY_DO_NOTHING = byCommand(
  ['ACL', 'SETUSER', 'default', '-@all', '+acl', '+auth', '+hello'],
  ['ACL', 'SETUSER', 'default', '+@all'],
)

export const redisFaults: readonly StateFault[] = [
  duringRefresh('Redis killed', async ({ redis }) => {
    await redis?.kill()
    return () => redis?.start()
  }),
  duringRefresh('Redis slow', async ({ redis }) => {
    redis?.pause()
    return () => redis?.resume()
  }),
  duringRefresh('Redis full', FULL),
  duringRefresh('configuration reloaded', reload),
  during('Redis full', FULL),
  during('wrong ACL of Redis: nothing may be deleted', MAY_NOT_DELETE),
  during('wrong ACL of Redis: nothing is allowed', MAY_DO_NOTHING),
  during('subscription to Redis cut', async environment => {
    const cut = () => cli('CLIENT', 'KILL', 'TYPE', 'pubsub')(environment)?.catch(() => undefined)
    const timer = setInterval(cut, 200)
    return () => clearInterval(timer)
  }),
  during('indexes of Redis lost', async environment => {
    await cli('EVAL', "return redis.call('DEL', unpack(redis.call('KEYS', '*:sessions-by-*')))", '0')(environment)
    return () => undefined
  }),
  // Last: what was refreshed by a clock that is ahead is due later for the others.
  {
    name: 'refresh with rotation: clocks 60 s apart',
    sparesPushes: true,
    async happen(environment, { leave }) {
      environment.hold()
      const end = await setClock(60)(environment)
      await environment.refreshesUnderWay()
      // Now both find the others due, and wait for one answer.
      await sleep(1000)
      environment.answer()
      await leave()
      await sleep(2000)
      await end()
    },
  },
  during('clock set back by 1 h', setClock(-3600)),
]

export const sqliteFaults: readonly StateFault[] = [
  duringRefresh('SQLite locked', async ({ databaseFile = '' }) => {
    const other = new DatabaseSync(databaseFile, { timeout: 5000 })
    other.exec('BEGIN IMMEDIATE')
    return () => other.close()
  }),
  duringRefresh('disk of SQLite full', async ({ disk }) => {
    await disk?.fill()
    return () => disk?.empty()
  }),
  duringRefresh('configuration reloaded, with SQLite', reload),
]
