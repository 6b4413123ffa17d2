import type { ProfileDefaults } from './profile.ts'

/**
 * Keycloak 26, Server Administration Guide, "Creating a browser login flow with step-up mechanism": `acr_values` asks
 * for a level, and goes on without it; an essential claim `acr` must be met, or the sign-in fails there.
 */
export const keycloak: ProfileDefaults = () => ({ requestFactorBy: 'claims.acr' })
