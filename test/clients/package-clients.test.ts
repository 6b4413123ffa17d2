import { tryGroup } from './try-clients.ts'

tryGroup('package')
