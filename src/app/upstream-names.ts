import type { Config } from '../../config/schema.ts'
import type { ForwardedFieldSettings } from '../upstream/forwarded-fields.ts'

/** The host names and scheme sent to the origin server: its own, and those its clients use. */
export const upstreamNames = (
  { upstream }: Pick<Config, 'upstream'>,
  publicUrl: URL,
): Pick<ForwardedFieldSettings, 'upstreamHost' | 'publicHost' | 'publicScheme'> => ({
  upstreamHost: upstream.host === 'public' ? publicUrl.host : new URL(upstream.url).host,
  publicHost: publicUrl.host,
  publicScheme: publicUrl.protocol.slice(0, -1),
})
