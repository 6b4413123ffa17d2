/**
 * What does a personal access token cost that is known: does it cost more among 50,000 than among 100, and how much
 * memory do they take? Each step asks about another token, as 50,000 agents would.
 */
import { bench, do_not_optimize, group } from 'mitata'
import { Secret } from '../../config/secret.ts'
import { type AccountKey, storedAccountKey } from '../../src/account-key.ts'
import type { Credentials } from '../../src/exchange.ts'
import { PatConfirmations } from '../../src/pats/pat-confirmations.ts'
import { patFingerprints } from '../../src/pats/pat-fingerprints.ts'
import { PatProof } from '../../src/pats/pat-proof.ts'
import { ReadBudget } from '../../src/pats/read-budget.ts'
import { PAT_CONFIRMATION_SCHEMA, SqlitePatConfirmationStore } from '../../src/pats/sqlite-pat-confirmation-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

type Pat = Extract<Credentials, { scheme: 'pat' }> & { readonly owner: AccountKey }

const COUNTS = [100, 50_000]
const NETWORK = '192.0.2.7/32'
const ASKER = { clientAddress: '192.0.2.7', requestId: 'bench' }
/** A clock that stands still: nothing ends while it is measured. */
const monotonic = () => 0

const fingerprints = patFingerprints([Buffer.alloc(32, 7)])
const patOf = (index: number): Pat => {
  const token = index.toString(26).padStart(52, 'z')
  // Each of an owner of its own: the store bounds what one may have.
  const owner = storedAccountKey(`owner ${index}`)
  return { scheme: 'pat', fingerprints: fingerprints.of(token), token: new Secret(token), owner }
}

async function provenAmong(pats: readonly Pat[]): Promise<PatProof> {
  const proof = new PatProof({
    ask: () => Promise.resolve({ kind: 'owned', owner: 'ada' }),
    isKnown: () => true,
    networkOf: address => address,
    budget: new ReadBudget({ maxPerNetwork: 1, maxInAll: 1 }, monotonic),
    ...{ letsUnreadablePass: false, verdictMs: 1000, refusalMs: 1000, maxTokens: 50_000, monotonic },
    accountKey: storedAccountKey,
    concluded: () => undefined,
  })
  for (const pat of pats) await proof.judge(pat, ASKER)
  return proof
}

async function confirmedAmong(pats: readonly Pat[]): Promise<PatConfirmations> {
  const store = new SqlitePatConfirmationStore(SqliteDatabase.inMemory(PAT_CONFIRMATION_SCHEMA))
  const settings = { cacheMs: 1000, maxCached: 50_000, requestLifetimeSeconds: 900 }
  const confirmations = new PatConfirmations(store, settings, new Changes(), { now: () => 1, monotonic })
  const times = { isWithdrawn: false, decidedAtMs: 1, expiresAtMs: Number.MAX_SAFE_INTEGER }
  for (const pat of pats) {
    const [fingerprint = ''] = pat.fingerprints
    await store.keepConfirmation({ accountKey: pat.owner, fingerprint, network: NETWORK, ...times })
    await confirmations.said(...scopeOf(pat))
  }
  return confirmations
}

const scopeOf = ({ owner, fingerprints }: Pat) => [owner, fingerprints, NETWORK] as const

/** What `make` keeps, in bytes. */
async function bytesOf<T>(make: () => Promise<T>): Promise<[made: T, bytes: number]> {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const made = await make()
  globalThis.gc?.()
  return [made, process.memoryUsage().heapUsed - before]
}

for (const count of COUNTS) {
  const pats = Array.from({ length: count }, (_, index) => patOf(index))
  const [proof, proofBytes] = await bytesOf(() => provenAmong(pats))
  const [confirmations, confirmationBytes] = await bytesOf(() => confirmedAmong(pats))
  console.info(`${count} tokens: proven ${mebibytes(proofBytes)}, confirmed ${mebibytes(confirmationBytes)}`)
  let next = 0
  const turn = (): Pat => {
    next = (next + 1) % count
    const pat = pats[next]
    if (pat === undefined) throw new Error('there is a token for each turn')
    return pat
  }
  group(`pat among ${count}`, () => {
    bench('proven', () => do_not_optimize(proof.judge(turn(), ASKER)))
    bench('confirmed', () => do_not_optimize(confirmations.said(...scopeOf(turn()))))
  })
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
