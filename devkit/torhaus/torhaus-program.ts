/** The Torhaus that tests and tools of development start: this tree, or with TORHAUS_BUNDLE=FOLDER one as it is shipped. */
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const shipped = process.env.TORHAUS_BUNDLE

/** What starts the service in `tree`, given `--config FILE`. */
export const mainProgram = (tree = shipped ?? ROOT): string =>
  join(tree, tree === shipped ? 'dist/main.js' : 'src/main.ts')

/** The command `torhaus`. */
export const torhausCommand: string = join(shipped ?? ROOT, 'bin/torhaus.mjs')
