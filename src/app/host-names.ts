import type { Config } from '../../config/schema.ts'

/** The host names accepted in the Host field, in lower case and without port. */
export const hostNamesOf = ({ publicUrl, ownPages, listener }: Pick<Config, 'listener' | 'ownPages' | 'publicUrl'>) =>
  [new URL(publicUrl).hostname, new URL(ownPages.publicUrl ?? publicUrl).hostname, ...listener.hostNames].map(name =>
    name.toLowerCase(),
  )
