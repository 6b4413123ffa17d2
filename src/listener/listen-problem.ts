/** Why nothing listens where it should, in words for the operator: with the option, and what to do. */

import { doMeet } from '../../config/listener-rules.ts'

export interface ListenPlace {
  /** The section with `host` and `port`. */
  readonly section: 'listener' | 'admin'
  readonly host: string
  readonly port: number
}

/** An error with the same code. */
export function listenProblem(
  error: unknown,
  { section, host, port }: ListenPlace,
  platform: NodeJS.Platform = process.platform,
): Error {
  const isWindows = platform === 'win32'
  const { code, message } = error as NodeJS.ErrnoException
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: `${section}.port: ${port} is taken on ${host} (${code}): end the program that listens there, which \`${isWindows ? 'netstat -abno' : 'ss -ltnp'}\` names, or choose another`,
    EACCES: isWindows
      ? `${section}.port: ${port} is kept for another (${code}): \`netsh interface ipv4 show excludedportrange tcp\` lists what Windows keeps; choose another`
      : `${section}.port: ${port} is not for this account (${code}): below 1024 it takes CAP_NET_BIND_SERVICE (deploy/torhaus.service has the lines), or choose one above`,
    EADDRNOTAVAIL: `${section}.host: this machine does not have ${host} (${code}): \`${isWindows ? 'ipconfig' : 'ip address'}\` lists what it has`,
    ENOTFOUND: `${section}.host: the name ${host} leads nowhere (${code})`,
  }
  const text = code === undefined ? undefined : words[code]
  return Object.assign(new Error(text ?? message, { cause: error }), code === undefined ? {} : { code })
}

/** At a reload the workers of before still listen: a port has one owner, also where only the address changes. */
export function besideItself(error: Error, wanted: Place, before: Place): Error {
  const hosts = [wanted.host, before.host] as const
  const mayMeet = wanted.host !== before.host && (doMeet(...hosts) || hosts.includes('localhost'))
  if (wanted.port !== before.port || !mayMeet || !error.message.includes('EADDRINUSE')) return error
  return new Error(
    `listener.host: Torhaus itself has port ${before.port} on ${before.host} until it has ended: restart it, or choose another listener.port, too`,
    { cause: error },
  )
}

type Place = Omit<ListenPlace, 'section'>
