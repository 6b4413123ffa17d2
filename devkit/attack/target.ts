/**
 * Starts the Torhaus that is attacked, of this or another working tree, between an OP and an origin server that
 * records.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawConnection } from '../clients/raw-http.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { startTorhaus } from '../demo/torhaus-process.ts'
import { startOpenIdProvider } from '../op/openid-provider.ts'
import { newTotpSecret } from '../op/totp.ts'
import { startEchoOrigin } from '../origin/echo-origin.ts'
import { startRedis } from '../redis/redis-process.ts'
import { freePort } from '../torhaus/free-port.ts'
import { inOptionsOf } from '../torhaus/options-of-tree.ts'
import { agreed, torhausAddresses, torhausClient, writeTorhausConfig } from '../torhaus/torhaus-config.ts'
import type { Target } from './attack.ts'
import { startVictim } from './page-victim.ts'
import { ADMIN_CREDENTIAL_FILE, type PlainSetting } from './settings.ts'

/** How long an attack waits for an answer: some of them never get one, and that is right. */
const ANSWER_MS = 1500

export interface StartedTarget extends Target {
  close(): Promise<void>
}

export async function startTarget(tree: string, setting: PlainSetting): Promise<StartedTarget> {
  await using undo = new AsyncDisposableStack()
  const [port, adminPort] = [await freePort(), await freePort()]
  const ownHost = setting.ownHost === true
  const addresses = torhausAddresses(port, ownHost)
  const { publicUrl } = addresses
  const clientSecret = randomBytes(24).toString('base64url')
  const ada = { name: 'ada', password: 'correct horse', totpSecret: newTotpSecret(randomBytes) }
  const op = await startOpenIdProvider({
    users: [ada, { name: 'carol', password: 'battery staple' }],
    audience: agreed.audience,
    clients: [
      {
        ...torhausClient(addresses, clientSecret),
        // An earlier tree knows of one host only.
        redirectUris: [addresses.redirectUri, torhausAddresses(port).redirectUri],
      },
    ],
  })
  undo.defer(() => op.close())
  const origin = await startEchoOrigin()
  undo.defer(() => origin.close())
  const { directory, remove } = await temporaryFolder('torhaus-attack-')
  undo.defer(remove)
  const credential = randomBytes(24).toString('base64url')
  await writeFile(join(directory, ADMIN_CREDENTIAL_FILE), credential, { mode: 0o600 })
  const redis = setting.redis ? await startRedis() : undefined
  if (redis !== undefined) undo.defer(() => redis.close())
  const file = await writeTorhausConfig(
    { port, adminPort, upstreamUrl: origin.url, issuer: op.issuer, clientSecret, directory, ownHost },
    usual => {
      const config = setting.configure(redis === undefined ? usual : onRedis(usual, redis.url))
      return inOptionsOf(tree, config)
    },
  )
  const torhaus = startTorhaus(file, join(directory, 'torhaus.log'), { tree })
  undo.defer(() => torhaus.stop())
  await torhaus.ready(`http://127.0.0.1:${adminPort}`, new AbortController().signal)
  // What asks for the OP's keys and documents once is done before anything is timed.
  const send = (bytes: string) => sendTo(port, bytes)
  await send(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const victim = setting.browser ? undo.use(await startVictim(publicUrl, op, origin, ada)) : undefined
  const kept = undo.move()
  return {
    ...{ port, publicUrl, host: `127.0.0.1:${port}`, op, ada, origin, send, close: () => kept.disposeAsync() },
    ...(victim === undefined ? {} : { victim }),
    ...(setting.operator ? { admin: { port: adminPort, credential } } : {}),
  }
}

export const onRedis = <Usual extends { session: object }>(usual: Usual, url: string): Usual => ({
  ...usual,
  session: { ...usual.session, store: { kind: 'redis', redis: { urls: [url] } } },
})

export async function sendTo(port: number, bytes: string): Promise<number | undefined> {
  const connection = await RawConnection.open(port)
  try {
    connection.send(bytes)
    const head = await Promise.race([connection.head().catch(() => undefined), sleep(ANSWER_MS, undefined)])
    return head?.status
  } finally {
    connection.close()
  }
}
