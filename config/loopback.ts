/** Hosts of URLs that do not leave the machine. */
export const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Addresses to listen on that nobody else reaches. */
export const isLoopbackAddress = (address: string): boolean => address === '::1' || LOOPBACK.test(address)
