/** All clients, in the order of the table. Each group has a test file of its own: they run side by side. */
import { browserClients } from './browser-clients.ts'
import type { Client } from './client.ts'
import { gitClients } from './git-clients.ts'
import { httpClients } from './http-clients.ts'
import { libraryClients } from './library-clients.ts'
import { packageClients } from './package-clients.ts'
import { registryClients } from './registry-clients.ts'
import { ticketClients } from './ticket-clients.ts'

export const clientGroups = {
  browser: browserClients,
  http: httpClients,
  git: gitClients,
  package: packageClients,
  registry: registryClients,
  library: libraryClients,
  ticket: ticketClients,
} as const satisfies Record<string, readonly Client[]>

export type ClientGroup = keyof typeof clientGroups

export const clients: readonly Client[] = Object.values(clientGroups).flat()
