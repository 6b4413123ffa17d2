/**
 * Which browser and system a person uses, from the User-Agent (RFC 9110 10.1.5), so that people can tell their own
 * sessions apart. The names come from closed sets, so nothing that a client sends is stored. They are never trusted,
 * because a client can send anything.
 */

/** The first that fits: browsers name those they descend from, too. */
const BROWSERS = [
  ['edge', /\bEdg(e|A|iOS)?\//],
  ['opera', /\b(OPR|OPT|OPiOS)\//],
  ['samsung-internet', /\bSamsungBrowser\//],
  ['firefox', /\b(Firefox|FxiOS)\//],
  ['chrome', /\b(Chrome|Chromium|CriOS|HeadlessChrome)\//],
  ['safari', /\bSafari\//],
] as const

const SYSTEMS = [
  ['windows', /\bWindows\b/],
  ['android', /\bAndroid\b/],
  ['ios', /\b(iPhone|iPad|iPod)\b/],
  ['chromeos', /\bCrOS\b/],
  ['macos', /\bMacintosh\b/],
  ['linux', /\b(Linux|X11)\b/],
] as const

export type Browser = (typeof BROWSERS)[number][0] | 'other'
export type System = (typeof SYSTEMS)[number][0] | 'other'

export interface Device {
  readonly browser: Browser
  readonly system: System
}

/** Browsers send some 120 characters; what is behind these is not looked at. */
const MAX_LENGTH = 512

export function deviceOf(userAgent: string | undefined): Device {
  const text = (userAgent ?? '').slice(0, MAX_LENGTH)
  return { browser: first(BROWSERS, text), system: first(SYSTEMS, text) }
}

/** From stored words, perhaps of a version that knows more. */
export const knownDevice = (browser: unknown, system: unknown): Device => ({
  browser: BROWSERS.find(([name]) => name === browser)?.[0] ?? 'other',
  system: SYSTEMS.find(([name]) => name === system)?.[0] ?? 'other',
})

const first = <Name extends string>(all: readonly (readonly [Name, RegExp])[], text: string): Name | 'other' =>
  all.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other'
