import { tryGroup } from './try-clients.ts'

tryGroup('registry')
