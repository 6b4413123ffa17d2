import { type DerReader, UNIVERSAL } from './der-reader.ts'
import { field, generalString, integer, sequence } from './der-writer.ts'
import { malformed } from './krb5-error.ts'

/** A name as a list of components (RFC 4120 5.2.2), never as a joined string: a component may hold `/` and `@`. */
export interface PrincipalName {
  /** A hint, ignored when names are compared (RFC 4120 6.2). */
  readonly type: number
  readonly components: readonly string[]
}

/** RFC 4120 6.2, RFC 6806 5. */
export const NAME_TYPE = { principal: 1, serviceInstance: 2, serviceHost: 3, enterprise: 10, wellKnown: 11 } as const

const MAX_COMPONENTS = 16

/** PrincipalName as the field [n]. */
export function readPrincipalName(reader: DerReader, number: number): PrincipalName {
  const name = readNameInClear(reader, number)
  if (name.components.length === 0) throw malformed('a name without components')
  return name
}

/** The same where nothing comes of the name: it may have no components. */
export function readNameInClear(reader: DerReader, number: number): PrincipalName {
  const name = reader.field(number, UNIVERSAL.sequence)
  const type = name.integer(0)
  const components = name
    .field(1, UNIVERSAL.sequence)
    .each(MAX_COMPONENTS, list => list.enter(UNIVERSAL.generalString).text())
  name.finish()
  return { type, components }
}

/** PrincipalName (RFC 4120 5.2.2). */
export function writePrincipalName({ type, components }: PrincipalName): Buffer {
  return sequence(field(0, integer(type)), field(1, sequence(...components.map(generalString))))
}

/** By components alone: the type is a hint (RFC 4120 6.2). */
export function sameName(a: PrincipalName, b: PrincipalName): boolean {
  return (
    a.components.length === b.components.length &&
    a.components.every((component, index) => component === b.components[index])
  )
}

/** `HTTP/host` to a name; `type` says of what kind. */
export const nameOf = (text: string, type: number): PrincipalName => ({ type, components: text.split('/') })

/** The name in a principal, `HTTP/host@REALM`; which realm it is of is left out. */
export const nameIn = (principal: string, type: number): PrincipalName =>
  nameOf(principal.slice(0, principal.lastIndexOf('@')), type)

/** The realm that a TGT is for; undefined for every other service. */
export function realmOfTgs({ components }: PrincipalName): string | undefined {
  const [service, realm, ...rest] = components
  return service === 'krbtgt' && rest.length === 0 ? realm : undefined
}

/** `krbtgt/REALM`. */
export const ticketGrantingService = (realm: string): PrincipalName => ({
  type: NAME_TYPE.serviceInstance,
  components: ['krbtgt', realm],
})
