/** Programs and devices, and what programs may do, as pages name them. */
import type { Cover } from '../cover.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { Browser, Device, System } from '../http/device.ts'
import { type Html, html } from './html.ts'
import type { Speech } from './speech.ts'

type Says = Pick<Speech, 'say'>

/** What the program says it is. */
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

/** What the browser says it is, and runs on. Undefined: nobody has noted it. */
export function describeDevice({ say }: Says, device: Device | undefined): Html {
  const { browser, system } = device ?? { browser: 'other', system: 'other' }
  const name = browser === 'other' ? say('device.unknown') : html`${BROWSER_NAMES[browser]}`
  return system === 'other' ? name : say('device.both', { browser: name, system: SYSTEM_NAMES[system] })
}

/**
 * What a program may do once it is confirmed. Undefined: what an earlier version let be confirmed, which was
 * everything.
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

/** Characters that are not seen, or turn the text around, could make it say something else. */
export const visible = (text: string) => text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '\u{fffd}')

/** A prefix as people read it: nobody needs to know what /32 means. */
export const describeNetwork = (network: string): string =>
  network.replace(/\/(32|128)$/, match => (network.includes(':') === (match === '/128') ? '' : match))
