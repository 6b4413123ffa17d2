/** The directory of the lab as an attacker meets it: tickets of people, for any service, and their passwords. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { closeServer } from '../op/close-server.ts'
import { listen } from '../op/listen.ts'
import { curlNegotiate, type KerberosClient, kinit } from '../realm/clients.ts'
import { PROXY_NAME } from '../realm/lab-accounts.ts'
import { LAB_PACKAGES, type SambaKdc, startSambaKdc } from '../realm/samba-kdc.ts'
import { debianPackageVersion } from '../torhaus/debian-packages.ts'

export interface Directory {
  passwordOf(account: string): string
  /** What curl sends for the service of that host: a new token each time, in base64. Default: for Torhaus. */
  ticket(account: string, host?: string): Promise<string>
}

export interface StartedDirectory extends Directory {
  readonly kdc: SambaKdc
  close(): Promise<void>
}

/** It needs its ports, and what Samba's packages bring. */
export async function hasLab(): Promise<boolean> {
  const versions = await Promise.all(LAB_PACKAGES.map(name => debianPackageVersion(name).catch(() => undefined)))
  return process.getuid?.() === 0 && versions.every(version => version !== undefined)
}

export async function startDirectory(): Promise<StartedDirectory> {
  const kdc = await startSambaKdc()
  const clients = new Map<string, Promise<KerberosClient>>()
  const clientOf = (account: string) => {
    const client = clients.get(account) ?? kinit(kdc, account)
    clients.set(account, client)
    return client
  }
  return {
    kdc,
    passwordOf: kdc.passwordOf,
    ticket: async (account, host = PROXY_NAME) => sentTo(await clientOf(account), host),
    close: kdc.close,
  }
}

/** To a server that only listens: the token is nobody's but the attacker's. */
async function sentTo(client: KerberosClient, host: string): Promise<string> {
  const server = createServer((_, response) => response.end())
  const port = await listen(server, '127.0.0.1', 0)
  try {
    const request = once(server, 'request')
    await curlNegotiate(client, `http://${host}:${port}/`, { resolve: [`${host}:${port}:127.0.0.1`] })
    const [{ headers }] = await request
    const [, token] = /^Negotiate (\S+)$/.exec(headers.authorization ?? '') ?? []
    if (token === undefined) throw new Error(`curl has no ticket of ${client.account} for ${host}`)
    return token
  } finally {
    await closeServer(server)
  }
}
