/**
 * What each store must tell of grants, tokens and their confirmations: what was read of them is not read again while it
 * does, and what anybody writes counts without a message of that process. Each kind of store runs these tests.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { openStores } from '../../src/app/open-stores.ts'
import type { Grant } from '../../src/grants/grant-store.ts'
import { Grants } from '../../src/grants/grants.ts'
import { PatConfirmations } from '../../src/pats/pat-confirmations.ts'
import { PatRegister } from '../../src/pats/pat-register.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { type Change, Changes } from '../../src/store/changes.ts'
import { system } from '../../src/system.ts'

/** A process that has no processor for a while is told of nothing meanwhile: longer than that ever is. */
export const CACHE_MS = 4000
const ADA = storedAccountKey('ada')
const NETWORK = '192.0.2.0/24'
export const TOKEN = ['fingerprint-of-the-token']
const SCOPE = { accountKey: ADA, network: NETWORK, clientClass: 'git' as const }
const USE = { network: NETWORK, accountKey: ADA, clientClass: 'git' as const }
const YEAR_MS = 365 * 86_400_000
const SEALER = new Sealer([Buffer.alloc(32, 7)])
const TIMES = { idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 86_400, cacheMs: CACHE_MS }

/** A process on the store of that configuration. */
export async function openProcess(store: unknown, opened: AsyncDisposableStack) {
  const changes = new Changes()
  const heard: Change['kind'][] = []
  changes.subscribe(({ kind }) => heard.push(kind))
  const report = { command: () => {}, changed: () => {}, clock: () => {}, malformed: () => {} }
  const stores = await openStores({ ...TIMES, store } as never, changes, report, system, opened)
  let reads = 0
  const counted = <T extends object>(counting: T, method: keyof T): T =>
    new Proxy(counting, {
      get(target, name) {
        if (name === method) reads++
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  const caching = { cacheMs: CACHE_MS, maxCached: 10_000, graceSeconds: 300, lastsMs: 300_000 }
  const settings = { ...caching, knownUntilMs: stores.knownUntilMs, requestLifetimeSeconds: 600 }
  const grantSettings = { ...settings, lifetimeSeconds: 600, ipv4PrefixBits: 24, ipv6PrefixBits: 56 }
  const grants = new Grants(
    ...[counted(stores.grants, 'findGrant'), SEALER, { ...grantSettings, requireBinding: false }, changes, system],
  )
  const register = new PatRegister(counted(stores.pats, 'readPat'), settings, changes, system)
  const confirmations = new PatConfirmations(
    ...[counted(stores.patConfirmations, 'confirmationsFor'), settings, changes, system],
  )
  /** What counts now, for who asks. */
  const state = async () => ({
    isBlocked: (await register.find(TOKEN))?.isBlocked,
    isWithdrawn: (await confirmations.said(ADA, TOKEN, NETWORK))?.isWithdrawn,
    hasGrant: (await grants.find(SCOPE)) !== undefined,
  })
  const isTold = () => (stores.knownUntilMs?.() ?? Number.NEGATIVE_INFINITY) > system.monotonic() - CACHE_MS
  return { stores, changes, heard, register, state, reads: () => reads, isTold }
}

export type Process = Awaited<ReturnType<typeof openProcess>>

/** A token that was seen and confirmed, and a grant, written by that process. */
export async function writeAll({ stores, register }: Process): Promise<void> {
  const nowMs = system.now()
  await register.see(TOKEN, USE)
  await register.flush()
  const [fingerprint = ''] = TOKEN
  const lasting = { decidedAtMs: nowMs, expiresAtMs: nowMs + YEAR_MS }
  const confirmation = { accountKey: ADA, fingerprint, network: NETWORK, isWithdrawn: false, ...lasting }
  await stores.patConfirmations.keepConfirmation(confirmation)
  await writeGrant({ stores })
}

async function writeGrant({ stores }: Pick<Process, 'stores'>): Promise<void> {
  const nowMs = system.now()
  const from = { clientAddress: '192.0.2.1', userAgent: 'git' }
  const asked = { maxAgeSeconds: 600, acceptAcr: undefined, cover: undefined }
  const until = { createdAtMs: nowMs, expiresAtMs: nowMs + 600_000 }
  await stores.grants.openRequest({ ...SCOPE, ...from, ...asked, ...until, code: 'CODE' }, nowMs)
  const evidence = { acr: undefined, acrs: [], amr: [], authTime: Math.floor(nowMs / 1000) }
  const counting = { cover: undefined, grantedAtMs: nowMs, expiresAtMs: nowMs + 600_000, evidence }
  const grant: Grant = { ...SCOPE, ...from, id: 'g', confirmations: [{ ...counting, binding: undefined }] }
  assert.ok(await stores.grants.confirm('CODE', grant))
}

/** Straight into the store, so that nobody is sent a message. */
async function takeBackAll({ stores }: Process): Promise<void> {
  const nowMs = system.now()
  const [fingerprint = ''] = TOKEN
  assert.equal(await stores.pats.blockPat(ADA, fingerprint, true, nowMs), true)
  const lasting = { decidedAtMs: nowMs, expiresAtMs: nowMs + YEAR_MS }
  const withdrawn = { accountKey: ADA, fingerprint, network: NETWORK, isWithdrawn: true, ...lasting }
  await stores.patConfirmations.keepConfirmation(withdrawn)
  assert.equal(await stores.grants.revokeGrant(ADA, 'g'), true)
}

const BEFORE = { isBlocked: false, isWithdrawn: false, hasGrant: true }
const AFTER = { isBlocked: true, isWithdrawn: true, hasGrant: false }

/** Until what was written so far is told, and read again. */
export async function settled(process: Process): Promise<void> {
  const writtenAtMs = system.monotonic()
  await eventually(() => (process.stores.knownUntilMs?.() ?? 0) > writtenAtMs, 'more is known')
  await process.state()
}

export function testTold(open: () => Promise<{ readonly store: unknown; close(): Promise<void> }>): void {
  const lab = async (opened: AsyncDisposableStack) => {
    const { store, close } = await open()
    opened.defer(close)
    const [one, other] = [await openProcess(store, opened), await openProcess(store, opened)]
    await eventually(() => one.isTold() && other.isTold(), 'both are told')
    await writeAll(one)
    await settled(one)
    assert.deepEqual(await one.state(), BEFORE)
    return { one, other }
  }

  test('what was read is not read again while the store tells, and noting a use tells nobody', async () => {
    await using opened = new AsyncDisposableStack()
    const { one, other } = await lab(opened)
    const before = one.reads()
    const endMs = system.monotonic() + 2 * CACHE_MS
    await other.stores.pats.noteUses(new Map([[TOKEN[0] ?? '', system.now()]]))
    await eventually(async () => {
      assert.deepEqual(await one.state(), BEFORE)
      return system.monotonic() > endMs
    }, 'a while')
    assert.equal(one.reads(), before)
  })

  test('a block, a withdrawal and a grant taken back count though every message is lost', async () => {
    await using opened = new AsyncDisposableStack()
    const { one, other } = await lab(opened)
    await takeBackAll(other)
    const takenBackMs = system.monotonic()
    await eventually(async () => JSON.stringify(await one.state()) === JSON.stringify(AFTER), 'all count')
    assert.ok(system.monotonic() - takenBackMs < 2 * CACHE_MS, 'within the time in which an answer counts by itself')
  })

  test('messages that come twice, late or in another order only make it be read again', async () => {
    await using opened = new AsyncDisposableStack()
    const { one, other } = await lab(opened)
    const blocked: Change = { kind: 'pat', fingerprint: TOKEN[0] ?? '' }
    await takeBackAll(other)
    for (const change of [blocked, { kind: 'grants', accountKey: ADA } as const, blocked]) one.changes.receive(change)
    assert.deepEqual(await one.state(), AFTER)
    assert.equal(await other.stores.pats.blockPat(ADA, TOKEN[0] ?? '', false, system.now()), true)
    await settled(one)
    assert.equal((await one.state()).isBlocked, false)
    const before = one.reads()
    one.changes.receive(blocked)
    assert.equal((await one.state()).isBlocked, false)
    assert.equal((await one.state()).isBlocked, false)
    // The token, and what was confirmed of it, once each.
    assert.equal(one.reads() - before, 2)
  })

  test('that there is no grant is not read again while the store tells, and one that is made counts though its message is lost', async () => {
    await using opened = new AsyncDisposableStack()
    const { one, other } = await lab(opened)
    await takeBackAll(other)
    await settled(one)
    assert.equal((await one.state()).hasGrant, false)
    const before = one.reads()
    const endMs = system.monotonic() + 2 * CACHE_MS
    await eventually(async () => {
      await one.state()
      return system.monotonic() > endMs
    }, 'a while')
    assert.equal(one.reads(), before)
    await writeGrant(other)
    await eventually(async () => (await one.state()).hasGrant, 'it counts')
  })

  test('a grant that is made counts at once where its message comes, which may also come too early', async () => {
    await using opened = new AsyncDisposableStack()
    const { one, other } = await lab(opened)
    const made: Change = { kind: 'grants', accountKey: ADA }
    await takeBackAll(other)
    await settled(one)
    assert.equal((await one.state()).hasGrant, false)
    one.changes.receive(made)
    assert.equal((await one.state()).hasGrant, false)
    await writeGrant(other)
    one.changes.receive(made)
    assert.equal((await one.state()).hasGrant, true)
    one.changes.receive(made)
    assert.equal((await one.state()).hasGrant, true)
  })
}
