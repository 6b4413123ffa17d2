import type { ProfileDefaults } from './profile.ts'

/** OpenID Connect Core 1.0 as it is written, and nothing else. */
export const generic: ProfileDefaults = () => ({})
