/**
 * Rotating a key as an operator does: files are written beside the configuration, lists in it change, Torhaus starts
 * again.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TorhausFixture } from '../../devkit/torhaus/torhaus-fixture.ts'

type Fixture = Pick<TorhausFixture, 'configFile' | 'restart'>
type Section = Readonly<Record<string, unknown>>

/** The name of the key that every fixture starts with. */
export const FIRST_SESSION_KEY = 'session-key'
export const FIRST_ASSERTION_KEY = 'assertion-key.pem'

export async function writeSessionKey({ configFile }: Fixture, name: string): Promise<void> {
  await writeFile(join(dirname(configFile), name), randomBytes(32).toString('base64'), { mode: 0o600 })
}

export async function writeAssertionKey({ configFile }: Fixture, name: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(join(dirname(configFile), name), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
}

/** Starts with these session keys, the first of which seals. */
export const restartWithSessionKeys = (fixture: Fixture, ...encryptionKeyFiles: string[]) =>
  fixture.restart(config => changed(config, 'session', { encryptionKeyFiles }))

/** Starts with these assertion keys, the first of which signs. */
export const restartWithAssertionKeys = (fixture: Fixture, ...signingKeyFiles: string[]) =>
  fixture.restart(config => {
    const { upstream } = config as { upstream: { identity: { assertion: object } } }
    const assertion = { ...upstream.identity.assertion, signingKeyFiles }
    return changed(config, 'upstream', { identity: { ...upstream.identity, assertion } })
  })

const changed = (config: object, section: string, options: Section): object => {
  const before = (config as Record<string, object>)[section]
  return { ...config, [section]: { ...before, ...options } }
}
