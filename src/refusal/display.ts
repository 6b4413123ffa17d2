/** How pages name programs, devices, and what programs may do. */
import type { Cover } from '../cover.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { Browser, Device, System } from '../http/device.ts'
import { type Html, html } from './html.ts'
import type { Speech } from './speech.ts'

type Says = Pick<Speech, 'say'>

/** The kind of program, by its own account. */
export const describeClient = ({ say }: Says, clientClass: ClientClass): Html => say(`program.${clientClass}`)

/** Names are the same in every language. */
const BROWSER_NAMES: Readonly<Record<Exclude<Browser, 'other'>, string>> = {
  chrome: 'Chrome',
  edge: 'Edge',
  firefox: 'Firefox',
  opera: 'Opera',
  safari: 'Safari',
  'samsung-internet': 'Samsung Internet',
}

const SYSTEM_NAMES: Readonly<Record<Exclude<System, 'other'>, string>> = {
  android: 'Android',
  chromeos: 'ChromeOS',
  ios: 'iOS',
  linux: 'Linux',
  macos: 'macOS',
  windows: 'Windows',
}

/** Browser and system, by the browser's own account. Undefined: not recorded. */
export function describeDevice({ say }: Says, device: Device | undefined): Html {
  const { browser, system } = device ?? { browser: 'other', system: 'other' }
  const name = browser === 'other' ? say('device.unknown') : html`${BROWSER_NAMES[browser]}`
  return system === 'other' ? name : say('device.both', { browser: name, system: SYSTEM_NAMES[system] })
}

/**
 * What a program may do once it is confirmed. Undefined: confirmed in an earlier version, where it covered everything.
 */
export function describeCover({ say }: Says, cover: Cover | undefined, clientClass: ClientClass): Html {
  if (cover === undefined) {
    const isGit = clientClass === 'git' || clientClass === 'git-lfs'
    return say(isGit ? 'cover.repositories.write.all' : 'cover.paths.write.all')
  }
  const { what, access, prefix } = cover
  const place = visible(prefix)
  if (prefix === '/') return say(`cover.${what}.${access}.all`)
  if (!prefix.endsWith('/')) return say(`cover.${what}.${access}.exact`, { place: place === '' ? '/' : place })
  return say(`cover.${what}.${access}.below`, { place })
}

/** Replaces invisible characters and those that change the direction of text: they could disguise its meaning. */
export const visible = (text: string) => text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '\u{fffd}')

/** An address prefix for people: without /32 or /128 for a single address. */
export const describeNetwork = (network: string): string =>
  network.replace(/\/(32|128)$/, match => (network.includes(':') === (match === '/128') ? '' : match))
