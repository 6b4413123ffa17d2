/**
 * What an attack is: something tried from outside, and how to tell that more of it reached the origin server than may.
 */

import type { OpenIdProvider } from '../op/openid-provider.ts'
import type { Credentials } from '../op/user-agent.ts'
import type { EchoOrigin, Received } from '../origin/echo-origin.ts'
import type { Directory } from './directory.ts'
import type { Victim } from './page-victim.ts'
import type { SettingName } from './settings.ts'

/** A running Torhaus, and what stands around it. */
export interface Target {
  readonly port: number
  readonly publicUrl: string
  /** `127.0.0.1:PORT`, for the Host field. */
  readonly host: string
  readonly op: OpenIdProvider
  /** How the person signs in that attacks are tried in the name of, second factor included. */
  readonly ada: Credentials
  /** Records what reaches it. */
  readonly origin: EchoOrigin
  /** The admin listener; in the settings that have a credential for it. */
  readonly admin?: { readonly port: number; readonly credential: string }
  /** A person at a browser; in the settings that ask for one. */
  readonly victim?: Victim
  /** A directory, and people who have tickets of it; in the settings that ask for one. */
  readonly lab?: Directory
  /** Sends bytes on a connection of their own and waits, bounded, for a first answer. Undefined: none came. */
  send(bytes: string): Promise<number | undefined>
}

export interface Attack {
  readonly name: string
  /** The configuration it is tried under. */
  readonly setting: SettingName
  run(target: Target): Promise<unknown>
  /** Whether a request that arrived meanwhile is what the attack wanted; default: each is. */
  readonly isWanted?: (received: Received) => boolean
}

/** A head without content, or with: lines joined by CRLF. `{host}` in it becomes the name of the target. */
export const raw = (name: string, setting: SettingName, bytes: string, isWanted?: Attack['isWanted']): Attack => ({
  ...{ name, setting },
  run: target => target.send(bytes.replaceAll('{host}', target.host)),
  ...(isWanted === undefined ? {} : { isWanted }),
})

/** `raw` from a request line without version, and fields beside Host. */
export const request = (
  name: string,
  setting: SettingName,
  line: string,
  fields: readonly string[] = [],
  isWanted?: Attack['isWanted'],
): Attack => raw(name, setting, [`${line} HTTP/1.1`, 'Host: {host}', ...fields, '', ''].join('\r\n'), isWanted)
