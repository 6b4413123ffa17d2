/** Determines whose a personal access token is, by the configured profile, over separate connections. */
import { clientNetworkOf } from '../../config/address-prefix.ts'
import type { Config } from '../../config/schema.ts'
import type { MonotonicClock } from '../clock.ts'
import type { AskableToken, Credentials, Delegated } from '../exchange.ts'
import { type PatAsker, PatProof, type PatProofParts } from '../pats/pat-proof.ts'
import {
  ASK_ON,
  AWAY,
  type Conclusion,
  type OwnerAnswer,
  type OwnerRead,
  UNNAMED,
  UNREADABLE,
} from '../pats/profiles/pat-profile.ts'
import { patProfiles } from '../pats/profiles/pat-profiles.ts'
import { type ProvePat, provePat, unprovenPat } from '../pats/prove-pat.ts'
import { ReadBudget } from '../pats/read-budget.ts'
import { addClientFields } from '../upstream/forwarded-fields.ts'
import { type SmallAnswer, smallRead } from '../upstream/small-read.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Services } from './open-services.ts'
import { patProofReport } from './pat-report.ts'
import { upstreamNames } from './upstream-names.ts'

export type PatProofNeeds = Pick<
  Services,
  'accountKey' | 'accountNames' | 'audit' | 'changes' | 'config' | 'metrics' | 'pats' | 'publicUrl' | 'viaName'
>

export interface BuiltPatProof {
  readonly provesPat: ProvePat
  /** Like `provesPat`, for exchanges admitted earlier: reports nothing. */
  readonly provesPatAgain: ProvePat
  /** Undefined where tokens are not proven. */
  readonly proof: PatProof | undefined
}

/** The reads never share a connection with requests of clients (RFC 4559 6). */
const CONNECTIONS = { connectionKey: 'pat-proof', sharesConnection: true, authenticateConnection: undefined }

export function buildPatProof(needs: PatProofNeeds, upstream: Upstream, monotonic: MonotonicClock): BuiltPatProof {
  const settings = needs.config.credentials.patProof
  if (settings === undefined || settings.off)
    return { provesPat: unprovenPat, provesPatAgain: unprovenPat, proof: undefined }
  const { changes, pats, accountKey, metrics, audit } = needs
  const report = patProofReport(metrics, audit)
  const proof = new PatProof({
    ...{ accountKey, monotonic, concluded: report.concluded, ask: asking(needs, settings, upstream) },
    isKnown: async fingerprints => (await pats.find(fingerprints))?.accountKey !== undefined,
    networkOf: clientNetworkOf,
    budget: new ReadBudget({ maxPerNetwork: settings.maxReadsPerNetwork, maxInAll: settings.maxReads }, monotonic),
    letsUnreadablePass: settings.unreadable === 'forward',
    verdictMs: settings.verdictSeconds * 1000,
    refusalMs: settings.refusalSeconds * 1000,
    maxTokens: settings.maxTokens,
  })
  changes.subscribe(change => {
    if (change.kind === 'pat') proof.forget(change.fingerprint)
  })
  const { reportOnly } = settings
  const silent = () => undefined
  return {
    proof,
    provesPat: provePat({ ...report, proof, reportOnly }),
    provesPatAgain: provePat({ proof, reportOnly, report: silent, limited: silent }),
  }
}

/** Discards the verdict on a token after a 401 of the origin server: in all processes, once. */
export function proofEnder({ changes }: Pick<Services, 'changes'>, proof: PatProof | undefined) {
  return ({ credentials, principal }: Delegated): void => {
    if (proof === undefined || principal.kind !== 'server-checked' || principal.owner === undefined) return
    const fingerprint = askableOf(credentials)?.fingerprints[0]
    if (fingerprint !== undefined) changes.publish({ kind: 'pat', fingerprint })
  }
}

function askableOf(credentials: Credentials): AskableToken | undefined {
  if (credentials.scheme === 'server-token') return credentials.askable
  return credentials.scheme === 'pat' ? credentials : undefined
}

type PatProofSettings = NonNullable<Config['credentials']['patProof']>

function asking(
  { config, publicUrl, viaName, accountNames }: PatProofNeeds,
  settings: PatProofSettings,
  upstream: Upstream,
): PatProofParts['ask'] {
  const { reads, defaultPath = '' } = patProfiles[settings.profile]
  const path = settings.path ?? defaultPath
  const names = upstreamNames(config, publicUrl)
  const send = (read: OwnerRead, token: string, { clientAddress, requestId }: PatAsker, wasGood: boolean) =>
    smallRead(upstream, {
      target: path + read.path,
      fields: [
        ...['Host', names.upstreamHost, 'Accept', 'application/json', 'User-Agent', 'Torhaus', ...read.fields(token)],
        // A server that bans for wrong tokens is to ban the client, not Torhaus.
        ...addClientFields([], clientAddress, names),
        ...['X-Request-Id', requestId, 'Via', viaName],
      ],
      connections: CONNECTIONS,
      // Reads for unproven clients count in their small share, like their other requests.
      ...{ owner: clientNetworkOf(clientAddress), standing: wasGood ? 'proven' : 'unproven' },
      timeoutMs: settings.timeoutMs,
    })
  return async (token, asker, wasGood): Promise<Conclusion> => {
    const own = reads.filter(({ isFor }) => isFor?.(token) ?? true)
    if (own.length === 0) return UNREADABLE
    for (const read of own) {
      const conclusion = read.conclude(answerOf(await send(read, token, asker, wasGood)))
      if (conclusion.kind === 'owned') return ownedAs(await accountNames.resolve(conclusion.owner))
      if (conclusion !== ASK_ON) return conclusion
    }
    return AWAY
  }
}

/** Servers may name people by UPN, which the directory resolves; if it cannot, the owner stays unknown. */
const ownedAs = (owner: string | undefined): Conclusion => (owner === undefined ? UNNAMED : { kind: 'owned', owner })

function answerOf({ status, rawFields, content }: SmallAnswer): OwnerAnswer {
  return {
    status,
    field(name) {
      const at = rawFields.findIndex((field, index) => index % 2 === 0 && field.toLowerCase() === name)
      return at === -1 ? undefined : rawFields[at + 1]
    },
    json: jsonOf(content),
  }
}

function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'))
  } catch {
    return undefined
  }
}
