/** The addresses behind the host that something is to listen on. */
import { lookup } from 'node:dns/promises'

type AddressesOf = (host: string) => Promise<readonly { readonly address: string }[]>
const allOf: AddressesOf = host => lookup(host, { all: true })

/**
 * Of the name localhost all: clients try 127.0.0.1 or ::1 first, as they like. Each once, though a hosts file with two lines
 * for the name gives it twice: nothing listens twice on one. Rejects where the name leads nowhere.
 */
export async function listenAddresses(host: string, addressesOf = allOf): Promise<readonly string[]> {
  return host === 'localhost' ? [...new Set((await addressesOf(host)).map(({ address }) => address))] : [host]
}

/** Not every machine has both addresses of localhost; that one is taken by another program is something else. */
export const isAddressMissing = (error: unknown): boolean =>
  ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '')
