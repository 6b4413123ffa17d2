/** Watches the files of the configuration in force and of one that was refused. */
import { usedFiles } from '../../config/files.ts'
import { type FilesRead, filesFor, statesOf } from '../../config/files-read.ts'
import { type Config, configSchema } from '../../config/schema.ts'
import { FileWatcher } from './file-watcher.ts'

type Watched = Pick<FilesRead, 'names' | 'states'>

/** Any change after the files were read counts, even while workers start. */
export class ConfigWatch implements Disposable {
  readonly #fileName: string
  readonly #onChange: () => void
  #config: Config | undefined
  #files: FileWatcher | undefined
  #isOver = false

  constructor(fileName: string, onChange: () => void) {
    this.#fileName = fileName
    this.#onChange = onChange
  }

  inForce(config: Config): void {
    this.#config = config
    this.#follow(filesFor(config) ?? this.#now([this.#fileName, ...usedFiles(configSchema, config)]))
  }

  /** Watches these along with the files in force: either may be changed to fix what was refused. */
  refused({ names, states }: Watched): void {
    const used = this.#config === undefined ? [] : usedFiles(configSchema, this.#config)
    const others = this.#now(used.filter(name => !names.includes(name)))
    this.#follow({ names: [...names, ...others.names], states: [...states, ...others.states] })
  }

  #now(names: readonly string[]): Watched {
    return { names, states: statesOf(names) }
  }

  #follow({ names, states }: Watched): void {
    if (this.#isOver) return
    this.#files?.[Symbol.dispose]()
    this.#files = new FileWatcher(names, this.#config?.reload.watchIntervalMs ?? 0, this.#onChange, states)
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#files?.[Symbol.dispose]()
  }
}
