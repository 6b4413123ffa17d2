/** Torhaus with its store on a small disk, which can be filled. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { mountSmallDisk, type SmallDisk } from '../../devkit/torhaus/small-disk.ts'
import { startWorkersLab, type WorkersLab } from '../workers/workers-lab.ts'

const KIBIBYTES = 2048

export interface FullDiskLab extends AsyncDisposable {
  readonly disk: SmallDisk
  /** Of the store. */
  readonly file: string
  readonly lab: WorkersLab
}

/** For root alone (`canMount`). `session`: further options of the section. */
export async function startFullDiskLab(listener: object, session: object = {}): Promise<FullDiskLab> {
  await using opened = new AsyncDisposableStack()
  const disk = opened.use(await mountSmallDisk(KIBIBYTES))
  const file = join(disk.directory, 'store.sqlite')
  const lab = await startWorkersLab(listener, config => ({
    ...config,
    session: { ...config.session, ...session, store: { sqlite: { file } } },
  }))
  opened.defer(() => lab.close())
  // Reads for long: so the log of the file is never written again from its beginning, where there would be room.
  const reader = new DatabaseSync(file)
  opened.defer(() => reader.close())
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM person_session').get()
  const closing = opened.move()
  return { disk, file, lab, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}
