/** The files that a configuration is made of, looked at for changes: those in force, and those that were refused. */
import { usedFiles } from '../../config/files.ts'
import { type FilesRead, filesFor, statesOf } from '../../config/files-read.ts'
import { type Config, configSchema } from '../../config/schema.ts'
import { FileWatcher } from './file-watcher.ts'

type Watched = Pick<FilesRead, 'names' | 'states'>

/** What changes after the files were read counts: while workers start as well. */
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

  /** Beside those in force: who mends what was refused may change either. */
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
