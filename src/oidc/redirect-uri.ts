import type { NamedProvider } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import { OWN_PREFIX } from '../http/request-target.ts'

type Named = Pick<NamedProvider, 'isOnly' | 'name'>

/** With several OPs, each has its own redirect URI, which prevents mix-up attacks (RFC 9700 4.4.2). */
export const callbackPathOf = ({ isOnly, name }: Named): string => `${OWN_PREFIX}/callback${isOnly ? '' : `/${name}`}`

/** As registered at the OP: on the host of Torhaus' own pages. */
export const redirectUriOf = ({ publicUrl, ownPages }: Pick<Config, 'ownPages' | 'publicUrl'>, one: Named): string =>
  new URL(ownPages.publicUrl ?? publicUrl).origin + callbackPathOf(one)
