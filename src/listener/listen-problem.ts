/** Why nothing listens where it should, in words for the operator: with the option, and what to do. */

import { doMeet } from '../../config/listener-rules.ts'

export interface ListenPlace {
  /** The section with `host` and `port`. */
  readonly section: 'listener' | 'admin'
  readonly host: string
  readonly port: number
}

export interface ListenProblem {
  readonly option: string
  readonly what: string
  readonly remedy: string
}

/** Undefined if there is nothing to add to the error. */
export function listenProblem(
  error: unknown,
  { section, host, port }: ListenPlace,
  platform: NodeJS.Platform = process.platform,
): ListenProblem | undefined {
  const isWindows = platform === 'win32'
  const { code } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE':
      return {
        option: `${section}.port`,
        what: `${port} is in use on ${host} (${code})`,
        remedy: `stop the program that listens there (find it with \`${isWindows ? 'netstat -abno' : 'ss -ltnp'}\`), or choose another port`,
      }
    case 'EACCES':
      return isWindows
        ? {
            option: `${section}.port`,
            what: `${port} is reserved (${code})`,
            remedy:
              '`netsh interface ipv4 show excludedportrange tcp` lists the ports that Windows reserves; choose another',
          }
        : {
            option: `${section}.port`,
            what: `this account may not listen on ${port} (${code})`,
            remedy:
              'below 1024 it takes CAP_NET_BIND_SERVICE (deploy/torhaus.service has the lines), or choose one above',
          }
    case 'EADDRNOTAVAIL':
      return {
        option: `${section}.host`,
        what: `this machine does not have ${host} (${code})`,
        remedy: `\`${isWindows ? 'ipconfig' : 'ip address'}\` lists its addresses`,
      }
    case 'ENOTFOUND':
      return {
        option: `${section}.host`,
        what: `the name ${host} does not resolve (${code})`,
        remedy: 'use an address of this machine, or check DNS and /etc/hosts',
      }
    default:
      return undefined
  }
}

/** An error with the same code, which says what to do. */
export function listenError(error: unknown, place: ListenPlace, platform?: NodeJS.Platform): Error {
  const { code, message } = error as NodeJS.ErrnoException
  const problem = listenProblem(error, place, platform)
  const text = problem === undefined ? message : `${problem.option}: ${problem.what}: ${problem.remedy}`
  return Object.assign(new Error(text, { cause: error }), code === undefined ? {} : { code })
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
