import type { Config } from '../../config/schema.ts'
import { readKey } from '../../config/secret.ts'
import { Sealer } from '../session/sealer.ts'

/** What seals and signs for this Torhaus: whoever has another OP or another name is another one, also on the same store. */
export const openSealer = ({ session, oidc, publicUrl }: Pick<Config, 'session' | 'oidc' | 'publicUrl'>): Sealer =>
  new Sealer(session.encryptionKeyFiles.map(readKey), session.sharedAs ?? bindingOf(oidc, new URL(publicUrl)))

/** What sessions are bound to. With several OPs each session names its issuer itself. */
const bindingOf = (oidc: Config['oidc'], { origin }: URL) =>
  JSON.stringify([oidc?.issuer ?? 'several providers', origin])
