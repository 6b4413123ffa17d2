import type { Logger } from 'pino'
import { certificateWarnings } from '../../config/certificate-warnings.ts'
import { contentsFor, withContents } from '../../config/files-read.ts'
import { keyFileWarnings } from '../../config/key-files.ts'
import type { Config } from '../../config/schema.ts'

/** Logs warnings about files of the configuration: keys that others can read, certificates about to expire. */
export function logFileWarnings(log: Logger, config: Config, nowMs: number): void {
  for (const { path, message } of keyFileWarnings(config))
    log.warn({ 'event.action': 'key-file-open', 'torhaus.option': path, 'error.message': message })
  for (const { path, message } of withContents(contentsFor(config), () => certificateWarnings(config, nowMs)))
    log.warn({ 'event.action': 'certificate', 'torhaus.option': path, 'error.message': message })
}
