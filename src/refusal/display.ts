/** Programs and times as pages name them. */
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
