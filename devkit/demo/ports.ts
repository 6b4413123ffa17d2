import { createServer } from 'node:net'
import { listen } from '../op/listen.ts'
import { DemoError, UsageError } from './demo-error.ts'

export type DemoPorts = { readonly port: number; readonly adminPort: number }

/** The ports to use: 8080 and 9090, or what `PORT` and `ADMIN_PORT` say. Throws a DemoError about anything else. */
export function portsFrom(environment: Readonly<Record<string, string | undefined>>): DemoPorts {
  const port = parsePort('PORT', environment.PORT ?? '8080')
  const adminPort = parsePort('ADMIN_PORT', environment.ADMIN_PORT ?? '9090')
  if (port === adminPort) throw new UsageError(`PORT and ADMIN_PORT are both ${port}: choose two different ports.`)
  return { port, adminPort }
}

function parsePort(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new UsageError(`${name} is not a port number from 1 to 65535.`)
  return port
}

/** Rejects with a DemoError that names the variable to set, if a port is taken on loopback. */
export async function requireFreePorts({ port, adminPort }: DemoPorts): Promise<void> {
  await requireFree(port, 'PORT')
  await requireFree(adminPort, 'ADMIN_PORT')
}

/** As `requireFreePorts`, of one. */
export async function requireFree(port: number, variable: string): Promise<void> {
  const probe = createServer()
  try {
    await listen(probe, '127.0.0.1', port)
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' ? 'is in use' : 'cannot be used'
    throw new DemoError(sentence(port, reason, variable))
  }
  await new Promise(resolve => probe.close(resolve))
}

/** What Torhaus says of a port that another program took since it was looked at, with the variable to set. */
export function portTaken(message: string): string | undefined {
  const [, section, port] = /\b(listener|admin)\.port: (\d+) is in use/.exec(message) ?? []
  if (port === undefined) return undefined
  return sentence(Number(port), 'is in use', section === 'admin' ? 'ADMIN_PORT' : 'PORT')
}

const sentence = (port: number, reason: string, variable: string) =>
  `Port ${port} ${reason}: set ${variable} to another port.`
