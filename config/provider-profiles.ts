/** What the product behind `profile` needs, put below what the file says: explicit options come first. */
import { isRecord } from './is-record.ts'
import { adfs } from './profiles/adfs.ts'
import { authentik } from './profiles/authentik.ts'
import { entra } from './profiles/entra.ts'
import { generic } from './profiles/generic.ts'
import { keycloak } from './profiles/keycloak.ts'
import { lemonldap } from './profiles/lemonldap.ts'
import { okta } from './profiles/okta.ts'
import type { ProfileDefaults } from './profiles/profile.ts'
import type { providerProfiles } from './provider-schema.ts'

type Profile = (typeof providerProfiles)[number]

const PROFILES: Readonly<Record<Profile, ProfileDefaults>> = {
  ...{ adfs, authentik, entra, generic, keycloak, lemonldap, okta },
}

/** `written`: a provider as it stands in the file, perhaps of the wrong shape; then it is left as it is. */
export function withProfile(written: unknown): unknown {
  if (!isRecord(written)) return written
  const { profile = 'generic', issuer } = written
  if (!isProfile(profile)) return written
  const { clientAuthentication, ...settings } = PROFILES[profile](typeof issuer === 'string' ? issuer : '')
  // Without a secret there is nothing to show by that method: what the file has decides.
  const method = 'clientSecretFile' in written ? { clientAuthentication } : {}
  return below(written, { ...settings, ...method })
}

/** What `written` leaves open is as in `defaults`, in its sections, too. */
function below(written: Section, defaults: Section): Section {
  const filled = Object.entries(defaults).flatMap(([name, value]) => {
    if (value === undefined) return []
    const own = written[name]
    return [[name, isRecord(own) && isRecord(value) ? below(own, value) : (own ?? value)] as const]
  })
  return { ...written, ...Object.fromEntries(filled) }
}

type Section = Readonly<Record<string, unknown>>

const isProfile = (value: unknown): value is Profile => typeof value === 'string' && Object.hasOwn(PROFILES, value)
