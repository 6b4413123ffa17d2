/** The lab under attack: Torhaus as `proxy.corp.test` before a Samba directory, an OP, and an origin that records. */
import { startEchoOrigin } from '../origin/echo-origin.ts'
import { startLabTorhaus } from '../realm/lab-torhaus.ts'
import { startRedis } from '../redis/redis-process.ts'
import { startDirectory } from './directory.ts'
import type { LabSetting } from './settings.ts'
import { onRedis, type StartedTarget, sendTo } from './target.ts'

export async function startLabTarget(tree: string, { lab, redis: onItsRedis }: LabSetting): Promise<StartedTarget> {
  await using undo = new AsyncDisposableStack()
  const directory = await startDirectory()
  undo.defer(() => directory.close())
  const { kdc } = directory
  const origin = await startEchoOrigin()
  undo.defer(() => origin.close())
  const redis = onItsRedis ? await startRedis() : undefined
  if (redis !== undefined) undo.defer(() => redis.close())
  const torhaus = await startLabTorhaus({
    ...{ kdc, tree },
    upstream: { address: '127.0.0.1', port: Number(new URL(origin.url).port) },
    firstFactorIsEnough: lab.firstFactorIsEnough === true,
    configure(usual) {
      const config = { ...unlimited(usual), listener: { ...usual.listener, workers: lab.workers } }
      return redis === undefined ? config : onRedis(config, redis.url)
    },
    // Earlier versions know libgssapi alone.
    environment: { KRB5_CONFIG: kdc.krb5Config },
  })
  undo.defer(() => torhaus.stop())
  const { port, url: publicUrl, op, users } = torhaus
  const ada = users.get('alice')
  if (ada === undefined) throw new Error('the lab has no alice')
  const kept = undo.move()
  return {
    ...{ port, publicUrl, op, ada, origin, lab: directory },
    host: new URL(publicUrl).host,
    send: bytes => sendTo(port, bytes),
    close: () => kept.disposeAsync(),
  }
}

const GUESSES = 1000

/** Each of many wrong passwords is judged by itself. */
const unlimited = <Config extends { kerberos: { passwords: object } }>(config: Config): Config => ({
  ...config,
  kerberos: {
    ...config.kerberos,
    passwords: { ...config.kerberos.passwords, maxFailuresPerAccount: GUESSES, maxFailuresPerAddress: GUESSES },
  },
})
