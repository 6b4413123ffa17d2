import { tryGroup } from './try-clients.ts'

tryGroup('library')
