/**
 * The audit log: what matters for security, apart from the traffic, with Elastic Common Schema field names. The table
 * is the schema; docs/audit.md is held against it. Never a secret, a query, or the code of a confirmation link.
 */
import type { X509Certificate } from 'node:crypto'
import { type Logger, pino } from 'pino'
import type { Clock } from '../clock.ts'
import type { Code } from '../errors.ts'
import { accountOf, type PartialExchange } from '../exchange.ts'
import { AuditFile } from './audit-file.ts'
import { ipOf, withEcs } from './ecs.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import { BASE, timestamps } from './log.ts'

const table = {
  'policy-loaded': 'success',
  'sign-in': 'success',
  'sign-in-refused': 'failure',
  'sign-out': 'success',
  'sign-out-everywhere': 'success',
  'back-channel-logout': 'success',
  'front-channel-logout': 'success',
  'logout-refused': 'failure',
  'sessions-ended': 'success',
  'no-session-found': 'failure',
  'second-factor-asked': 'unknown',
  'second-factor-confirmed': 'success',
  'confirmation-refused': 'failure',
  'confirmation-disowned': 'failure',
  'account-mismatch': 'failure',
  'grant-revoked': 'success',
  'session-revoked': 'success',
  'pat-first-seen': 'success',
  'pat-new-network': 'success',
  'pat-refused': 'failure',
  'pat-proven': 'success',
  'pat-unproven': 'failure',
  'pat-blocked': 'success',
  'pat-allowed': 'success',
  'pat-withdrawn': 'success',
  'password-limited': 'failure',
  'certificate-refused': 'failure',
  'request-refused': 'failure',
  'would-have-refused': 'unknown',
} as const

export type AuditAction = keyof typeof table

/** Every action, with its `event.outcome`. */
export const auditActions: Readonly<Record<AuditAction, string>> = table

export interface AuditDetails {
  readonly account?: string | undefined
  readonly code?: Code
  readonly rule?: string
  /** The other one, where two accounts met. */
  readonly otherAccount?: string
  /** Fingerprint of a personal access token. */
  readonly pat?: string | undefined
  /** From where something was asked for that its person did not begin. */
  readonly askedFrom?: string
  /** Address prefix of a grant, or of the use of a token. */
  readonly network?: string
  /** SHA-256 of the rules. */
  readonly hash?: string
  /** How many sessions have ended. */
  readonly sessions?: number
  /** Of a client. */
  readonly certificate?: X509Certificate
}

/** Writing is tried each second, and a disk that was full once may be again. */
const SAID_AGAIN_MS = 600_000

/** What a client may choose is cut. */
const MAX_NAME_LENGTH = 256

/** A name as one line, the last part first (RFC 4514 2.1). */
const nameOf = (name: string | undefined) => name?.split('\n').reverse().join(', ').slice(0, MAX_NAME_LENGTH)

/** Answers of the policy that are security events by themselves. */
const ACTIONS_BY_CODE: Partial<Record<Code, AuditAction>> = {
  'rule-refuses': 'request-refused',
  'cross-site-request': 'request-refused',
  'path-ambiguous': 'request-refused',
  'identity-change-refused': 'request-refused',
  'grant-out-of-scope': 'request-refused',
  'lasting-right-refused': 'request-refused',
  'password-limited': 'password-limited',
}

type Who = Partial<Pick<PartialExchange, 'requestId' | 'clientAddress' | 'clientClass' | 'credentials' | 'principal'>>

export class Audit implements AsyncDisposable {
  readonly #log: Logger
  /** The audit file, if one is configured. */
  readonly #file: AsyncDisposable | undefined

  private constructor(log: Logger, file?: AsyncDisposable) {
    this.#log = log
    this.#file = file
  }

  /** Writes to a file of its own, or to the log. Throws if the file cannot be opened. */
  static open(log: Logger, fileName: string | undefined, now: Clock): Audit {
    const logger = { 'log.logger': 'torhaus.audit' }
    // Whatever the level of the other records.
    if (fileName === undefined) return new Audit(log.child(logger, { level: 'info' }))
    let saidAtMs = Number.NEGATIVE_INFINITY
    const onError = ({ message }: Error) => {
      if (Math.abs(now() - saidAtMs) < SAID_AGAIN_MS) return
      log.error({ 'event.action': 'audit-unwritten', 'error.message': message })
      saidAtMs = now()
    }
    const file = new AuditFile(fileName, onError)
    const timestamp = timestamps(now)
    const own = pino(
      {
        base: { ...BASE, ...logger },
        timestamp: () => `,"@timestamp":"${timestamp()}"`,
        formatters: { level: (label: string) => ({ 'log.level': label }), log: withEcs },
      },
      file,
    )
    return new Audit(own, file)
  }

  write(action: AuditAction, who: Who, details: AuditDetails = {}): void {
    this.#log.info({
      'event.action': action,
      'event.outcome': table[action],
      'http.request.id': who.requestId,
      'client.address': who.clientAddress,
      'client.ip': ipOf(who.clientAddress),
      'user.name': details.account ?? accountOf(who.principal),
      'torhaus.other_account': details.otherAccount,
      'torhaus.client_class': who.clientClass,
      'torhaus.scheme': who.credentials?.scheme,
      'torhaus.code': details.code,
      'torhaus.rule': details.rule,
      'torhaus.pat': details.pat,
      'torhaus.network': details.network,
      'torhaus.asked_from': details.askedFrom,
      'torhaus.policy_hash': details.hash,
      'torhaus.sessions': details.sessions,
      'tls.client.subject': nameOf(details.certificate?.subject),
      'tls.client.issuer': nameOf(details.certificate?.issuer),
      'tls.client.x509.serial_number': details.certificate?.serialNumber.slice(0, MAX_NAME_LENGTH),
    })
  }

  /** Events that follow from the end of an exchange. */
  exchange({ code, known }: ExchangeRecord): void {
    const action = code === undefined ? undefined : ACTIONS_BY_CODE[code]
    if (action !== undefined && code !== undefined) this.write(action, known, { code })
  }

  /** Resolves when what waits was written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]()
  }
}
