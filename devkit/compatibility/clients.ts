/** All clients, in the order of the table. */
import type { Client } from './client.ts'
import { gitClients } from './git-clients.ts'
import { httpClients } from './http-clients.ts'
import { libraryClients } from './library-clients.ts'
import { packageClients } from './package-clients.ts'

export const clients: readonly Client[] = [...httpClients, ...gitClients, ...packageClients, ...libraryClients]
