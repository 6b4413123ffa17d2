import type { Config } from '../../config/schema.ts'
import { readKey } from '../../config/secret.ts'
import { Sealer } from '../session/sealer.ts'

/** Seals and signs for this Torhaus: another OP or origin is another Torhaus, unless `session.sharedAs` joins them. */
export const openSealer = ({ session, oidc, publicUrl }: Pick<Config, 'session' | 'oidc' | 'publicUrl'>): Sealer =>
  new Sealer(session.encryptionKeyFiles.map(readKey), session.sharedAs ?? bindingOf(oidc, new URL(publicUrl)))

/** What sessions are bound to. With several OPs, each session names its issuer. */
const bindingOf = (oidc: Config['oidc'], { origin }: URL) =>
  JSON.stringify([oidc?.issuer ?? 'several providers', origin])
