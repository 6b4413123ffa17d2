/** Hosts of URLs that do not leave the machine. */
export const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Where this machine reaches what listens on `host`: listening on all addresses is listening on loopback, too. */
export const reachedAt = (host: string): string => EVERYWHERE[host] ?? host

/** Addresses to listen on that nobody else reaches. */
export const isLoopbackAddress = (address: string): boolean => address === '::1' || LOOPBACK.test(address)
