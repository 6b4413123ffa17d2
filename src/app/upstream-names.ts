import type { Config } from '../../config/schema.ts'
import type { ForwardedFieldSettings } from '../upstream/forwarded-fields.ts'

/** What the origin server is told that it is called, by itself and by its clients. */
export const upstreamNames = (
  { upstream }: Pick<Config, 'upstream'>,
  publicUrl: URL,
): Pick<ForwardedFieldSettings, 'upstreamHost' | 'publicHost' | 'publicScheme'> => ({
  upstreamHost: upstream.host === 'public' ? publicUrl.host : new URL(upstream.url).host,
  publicHost: publicUrl.host,
  publicScheme: publicUrl.protocol.slice(0, -1),
})
