/**
 * Files with keys and secrets: looked at while the configuration is checked, so that `check` says what a start would.
 */
import { createPrivateKey } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { type Diagnostic, diagnostic, type Report } from './diagnostic.ts'
import { providersOf } from './providers.ts'
import type { Config } from './schema.ts'
import { keyProblem } from './secret.ts'

export function checkSessionKeys({ session }: Config, report: Report): void {
  for (const [index, fileName] of session.encryptionKeyFiles.entries()) {
    const problem = keyProblem(contentOf(fileName))
    if (problem !== undefined) report(`session.encryptionKeyFiles[${index}]`, `${fileName} ${problem}`)
  }
}

export function checkAssertionKeys({ upstream }: Config, report: Report): void {
  const { identity } = upstream
  if (identity.kind !== 'assertion') return
  for (const [index, fileName] of (identity.assertion?.signingKeyFiles ?? []).entries()) {
    try {
      createPrivateKey(readFileSync(fileName))
    } catch (error) {
      const path = `upstream.identity.assertion.signingKeyFiles[${index}]`
      report(path, `${fileName} is no private key in PEM: ${(error as Error).message}`)
    }
  }
}

/** Write access of a group, and any access of others. */
const TOO_OPEN = 0o027

/**
 * What is worth a word, and keeps nobody from starting: secrets that more than their owner and a group can read.
 * Windows has no such modes.
 */
export function keyFileWarnings(config: Config): Diagnostic[] {
  if (process.platform === 'win32') return []
  return secretFilesOf(config).flatMap(([path, fileName]) => {
    const mode = statSync(fileName, { throwIfNoEntry: false })?.mode ?? 0
    if ((mode & TOO_OPEN) === 0) return []
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    return [
      diagnostic(path, `${fileName} has mode ${octal}: others can read or replace a secret; 0640 or less is right`),
    ]
  })
}

function secretFilesOf(config: Config): (readonly [path: string, fileName: string])[] {
  const { session, upstream, listener } = config
  const list = (path: string, names: readonly string[] = []) =>
    names.map((fileName, index) => [`${path}[${index}]`, fileName] as const)
  const one = (path: string, fileName: string | undefined) => list(path, fileName === undefined ? [] : [fileName])
  return [
    ...list('session.encryptionKeyFiles', session.encryptionKeyFiles),
    ...one('session.store.redis.passwordFile', session.store.redis?.passwordFile),
    ...providersOf(config).flatMap(({ path, settings }) => [
      ...one(`${path}.clientSecretFile`, settings.clientSecretFile),
      ...one(`${path}.clientKeyFile`, settings.clientKeyFile),
    ]),
    ...list('upstream.identity.assertion.signingKeyFiles', upstream.identity.assertion?.signingKeyFiles),
    ...one('listener.tls.privateKeyFile', listener.tls?.privateKeyFile),
  ].map(([path, fileName]) => [path.includes('KeyFiles') ? path : path.replace('[0]', ''), fileName] as const)
}

function contentOf(fileName: string): string {
  try {
    return readFileSync(fileName, 'utf8')
  } catch (error) {
    return `unreadable: ${(error as Error).message}`
  }
}
