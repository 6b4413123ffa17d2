/** Programs and times as pages name them. */
import type { Cover } from '../cover.ts'
import type { ClientClass } from '../http/client-class.ts'

const CLIENT_NAMES: Readonly<Record<ClientClass, string>> = {
  browser: 'Browser',
  git: 'git',
  'git-lfs': 'Git LFS',
  'credential-manager': 'Git Credential Manager',
  'visual-studio': 'Visual Studio or tf',
  'build-agent': 'Build agent',
  'package-client': 'Package client',
  rest: 'Script or REST client',
  other: 'Unknown program',
}

/** What the program says it is. */
export const describeClient = (clientClass: ClientClass): string => CLIENT_NAMES[clientClass]

const IN_WORDS = {
  repositories: {
    read: 'read repositories (clone, fetch)',
    write: 'read and change repositories (clone, fetch, push)',
  },
  paths: { read: 'read', write: 'read, change and delete' },
} as const

/**
 * What a program may do once it is confirmed. Undefined: what an earlier version let be confirmed, which was
 * everything.
 */
export function describeCover(cover: Cover | undefined, clientClass: ClientClass): string {
  if (cover === undefined) {
    const isGit = clientClass === 'git' || clientClass === 'git-lfs'
    return isGit ? IN_WORDS.repositories.write : `${IN_WORDS.paths.write} anything`
  }
  const { what, access, prefix } = cover
  const words = IN_WORDS[what][access]
  const place = visible(prefix)
  if (prefix === '/') return what === 'paths' ? `${words} anything` : words
  if (!prefix.endsWith('/')) return `${words} ${place === '' ? '/' : place}, and nothing below it`
  return `${words} under ${place}`
}

/** Characters that are not seen, or turn the text around, could make it say something else. */
export const visible = (text: string) => text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '\u{fffd}')

/** A prefix as people read it: nobody needs to know what /32 means. */
export const describeNetwork = (network: string): string =>
  network.replace(/\/(32|128)$/, match => (network.includes(':') === (match === '/128') ? '' : match))

/** In the largest unit that is not too coarse, rounded down. */
export function describeDuration(durationMs: number): string {
  const minutes = Math.max(0, Math.floor(durationMs / 60_000))
  if (minutes < 1) return 'less than a minute'
  if (minutes < 120) return `${minutes} min`
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`
}

/** A time in the past, both ways people read it. */
export function describeTime(timeMs: number, nowMs: number): string {
  const ago = nowMs - timeMs < 60_000 ? 'just now' : `${describeDuration(nowMs - timeMs)} ago`
  return `${ago} (${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC)`
}
