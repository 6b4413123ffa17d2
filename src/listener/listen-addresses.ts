/** The addresses behind the host that something is to listen on. */
import { lookup } from 'node:dns/promises'

/** Of the name localhost all: clients try 127.0.0.1 or ::1 first, as they like. Rejects where the name leads nowhere. */
export async function listenAddresses(host: string): Promise<readonly string[]> {
  return host === 'localhost' ? (await lookup(host, { all: true })).map(({ address }) => address) : [host]
}

/** Not every machine has both addresses of localhost; that one is taken by another program is something else. */
export const isAddressMissing = (error: unknown): boolean =>
  ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '')
