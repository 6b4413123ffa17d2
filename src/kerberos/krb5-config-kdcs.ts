import { type KdcAddress, parseKdc } from '../../config/kdc-address.ts'

/** The KDCs of a realm that a krb5.conf names (krb5.conf(5), `[realms]`). */
export function krb5ConfigKdcs(text: string, realm: string): KdcAddress[] {
  const [, realms = ''] = /^\[realms\](.*?)(?=^\[|$(?!.))/ms.exec(text) ?? []
  const own = realms.split(/^\s*(?=\S+\s*=\s*\{)/m).find(section => section.split(/\s*=/, 1)[0] === realm)
  return [...(own?.split('}', 1)[0] ?? '').matchAll(/^\s*kdc\s*=\s*(\S+)/gm)]
    .map(([, address = '']) => parseKdc(address))
    .filter(address => address !== undefined)
}
