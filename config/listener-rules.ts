/** What must fit together about where Torhaus listens. */
import { isIP } from 'node:net'
import { bareHost } from './bare-host.ts'
import type { Report } from './diagnostic.ts'
import { isLoopbackAddress } from './loopback.ts'
import type { Config } from './schema.ts'

type Listeners = Pick<Config, 'admin' | 'listener'>

/** An address, or a name that the system knows, without what stands around it in a URL. */
export function checkHosts({ listener, admin }: Listeners, report: Report): void {
  for (const [section, { host }] of [
    ['listener', listener],
    ['admin', admin],
  ] as const)
    if (isIP(host) === 0 && !/^[A-Za-z0-9._-]+$/.test(host))
      report(`${section}.host`, `must be only an IP address or a host name; the port belongs in ${section}.port`)
}

/** Whether two hosts cannot have one port each. */
export const doMeet = (one: string, other: string): boolean => meets(one, other) || meets(other, one)

/** `::` takes IPv4, too; localhost is listened to on both of its addresses. */
const meets = (one: string, other: string) =>
  one === other ||
  one === '::' ||
  (one === '0.0.0.0' && isIP(other) !== 6) ||
  (one === 'localhost' && ['127.0.0.1', '::1'].includes(other))

/** Whoever starts second would be told that the first has it, and that is Torhaus itself. */
export function checkPorts({ listener, admin }: Listeners, report: Report): void {
  if (listener.port === admin.port && listener.port !== 0 && doMeet(listener.host, admin.host))
    report('admin.port', `${admin.port} is also listener.port: choose another port for one of the two`)
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** Every request would come back, and be refused for it. */
export function checkLoop({ listener, upstream }: Pick<Config, 'listener' | 'upstream'>, report: Report): void {
  const url = URL.parse(upstream.url)
  if (url === null) return
  const host = bareHost(url.hostname)
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port)
  const isEverywhere = listener.host === '::' || listener.host === '0.0.0.0'
  const isHere = host === listener.host || (isLoopbackAddress(host) && (isEverywhere || listener.host === 'localhost'))
  if (isHere && port === listener.port)
    report('upstream.url', 'is the address that Torhaus itself listens on: use the address of the server behind it')
}
