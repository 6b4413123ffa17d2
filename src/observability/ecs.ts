/**
 * How records say what they are about, in the words of the Elastic Common Schema: `event.category` and `event.type` of
 * each `event.action`. `test/monitoring/ecs-fields.json` has the names and types of its fields that we use.
 */

/** The version whose meanings of fields these are. */
export const ECS_VERSION = '8.17.0'

/** ECS knows more kinds; ours all are something that happened. */
const KIND = 'event'

interface Classified {
  readonly 'event.kind': typeof KIND
  readonly 'event.category': readonly string[]
  readonly 'event.type': readonly string[]
}

const classified = (category: string, ...types: readonly string[]): Classified => ({
  'event.kind': KIND,
  'event.category': [category],
  'event.type': types,
})

const classes = {
  started: classified('process', 'start'),
  ended: classified('process', 'end'),
  processInfo: classified('process', 'info'),
  configured: classified('configuration', 'change'),
  configurationInfo: classified('configuration', 'info'),
  store: classified('database', 'info'),
  storeError: classified('database', 'error'),
  network: classified('network', 'info'),
  denied: classified('network', 'denied'),
  host: classified('host', 'info'),
  access: classified('web', 'access'),
  accessError: classified('web', 'error'),
  webInfo: classified('web', 'info'),
  signedIn: classified('authentication', 'start'),
  signedOut: classified('session', 'end'),
  session: classified('session', 'info'),
  authentication: classified('authentication', 'info'),
  identity: classified('iam', 'info'),
  identityChanged: classified('iam', 'change'),
} as const

/** Each `event.action` there is; a test holds it against the pages that list them. */
export const ecsActions: Readonly<Record<string, Classified>> = {
  start: classes.started,
  drain: classes.ended,
  kill: classes.ended,
  'drain-cut': classes.ended,
  'worker-died': classes.ended,
  'worker-hung': classes.processInfo,
  'worker-failed': classes.processInfo,
  'workers-silent': classes.processInfo,
  'bounds-lowered': classes.configurationInfo,
  reload: classes.configured,
  'key-file-open': classes.configurationInfo,
  certificate: classes.configurationInfo,
  'runtime-directory': classes.processInfo,
  'service-manager': classes.processInfo,
  'clock-jumped': classes.host,
  discovery: classes.network,
  reject: classes.denied,
  'admin-refused': classes.denied,
  'kdc-circuit': classes.network,
  store: classes.store,
  'store-check': classes.store,
  'store-clock': classes.store,
  'store-message': classes.storeError,
  sweep: classes.storeError,
  'pat-flush': classes.storeError,
  'audit-unwritten': classes.processInfo,
  trace: classes.webInfo,
  'trace-export': classes.network,
  'session-refresh': classes.session,
  'policy-loaded': classes.configured,
  'sign-in': classes.signedIn,
  'sign-in-refused': classes.signedIn,
  'sign-out': classes.signedOut,
  'sign-out-everywhere': classes.signedOut,
  'back-channel-logout': classes.signedOut,
  'front-channel-logout': classes.signedOut,
  'logout-refused': classes.signedOut,
  'sessions-ended': classes.signedOut,
  'no-session-found': classes.session,
  'session-revoked': classes.signedOut,
  'second-factor-asked': classes.authentication,
  'second-factor-confirmed': classes.authentication,
  'confirmation-refused': classes.authentication,
  'confirmation-disowned': classes.authentication,
  'account-mismatch': classes.authentication,
  'password-limited': classes.authentication,
  'grant-revoked': classes.identityChanged,
  'pat-first-seen': classes.identity,
  'pat-new-network': classes.identity,
  'pat-refused': classes.authentication,
  'pat-proven': classes.authentication,
  'pat-unproven': classes.authentication,
  'pat-blocked': classes.identityChanged,
  'pat-allowed': classes.identityChanged,
  'pat-withdrawn': classes.identityChanged,
  'certificate-refused': classes.accessError,
  'request-refused': classes.accessError,
  'would-have-refused': classes.webInfo,
}

/** A record with what its action says. */
export function withEcs(record: Record<string, unknown>): Record<string, unknown> {
  const known = ecsActions[String(record['event.action'])]
  return known === undefined ? record : { ...record, ...known }
}

const members = (of: Classified) => JSON.stringify(of).slice(1, -1)

/** Of access records, which are put together as text. */
export const ACCESS_MEMBERS = members(classes.access)
export const FAILED_ACCESS_MEMBERS = members(classes.accessError)

/** `client.ip`: an address, if known. */
export const ipOf = (clientAddress: string | undefined): string | undefined =>
  clientAddress === 'unknown' ? undefined : clientAddress
