import { extname, join } from 'node:path'

/** The program that becomes a worker when the supervisor starts it: `main` beside this file, in the sources and in the bundle. */
export const workerProgram: string = join(import.meta.dirname, `main${extname(import.meta.filename)}`)
