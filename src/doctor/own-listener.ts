/** The listener of a Torhaus that runs on this machine with this configuration, asked past whatever stands in front. */
import { reachedAt } from '../../config/loopback.ts'
import type { Config } from '../../config/schema.ts'
import { SELF_TEST_PATH } from '../http/self-test-probes.ts'
import { sendRaw } from './send-raw.ts'

/** On this machine. */
const TIMEOUT_MS = 2000

/** Where somebody on this machine reaches it. */
export function directUrl(protocol: string, { host, port }: { readonly host: string; readonly port: number }): URL {
  const address = reachedAt(host)
  return new URL(`${protocol}//${address.includes(':') ? `[${address}]` : address}:${port}`)
}

export const listenerUrl = ({ listener }: Pick<Config, 'listener'>): URL =>
  directUrl(listener.tls === undefined ? 'http:' : 'https:', listener)

/** What listens there answers as Torhaus does. A PROXY protocol header is expected of listed peers only. */
export async function isTorhaus(config: Pick<Config, 'listener' | 'publicUrl'>): Promise<boolean> {
  const { host, hostname } = new URL(config.publicUrl)
  try {
    const { fields } = await sendRaw(listenerUrl(config), {
      ...{ target: SELF_TEST_PATH, fields: [], host, timeoutMs: TIMEOUT_MS },
      // The certificate is for clients of publicUrl, and looked at elsewhere.
      tls: { servername: hostname, rejectUnauthorized: false },
    })
    return fields.has('x-torhaus-error')
  } catch {
    return false
  }
}
