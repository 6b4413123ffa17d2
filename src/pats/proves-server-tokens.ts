import type { Config } from '../../config/schema.ts'
import { patProfiles } from './profiles/pat-profiles.ts'

/** Whether the server is asked whose a JWT is that names it as issuer. */
export const provesServerTokens = (proof: Config['credentials']['patProof']): boolean =>
  proof !== undefined &&
  !proof.off &&
  proof.serverTokens === 'prove' &&
  patProfiles[proof.profile].provesServerTokens === true
