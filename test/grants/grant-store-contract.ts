/** What every store of grants must do: each implementation runs these tests. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { storedAccountKey } from '../../src/account-key.ts'
import type { Cover } from '../../src/cover.ts'
import type { Confirmation, Grant, GrantRequest, GrantStore } from '../../src/grants/grant-store.ts'

export interface OpenGrantStores {
  /** Two on the same data, as two workers have them, with a clock at `NOW_MS`. */
  readonly stores: readonly [GrantStore, GrantStore]
  close(): Promise<void>
}

export const NOW_MS = 1_800_000_000_000
const SCOPE = { accountKey: storedAccountKey('CORP\\ädä'), network: '192.0.2.0/24', clientClass: 'git' } as const
export const FETCH: Cover = { what: 'repositories', access: 'read', prefix: '/' }
export const PUSH: Cover = { what: 'repositories', access: 'write', prefix: '/o/r with blanks/' }
const FROM = { clientAddress: '192.0.2.7', userAgent: 'git/2.39 "quoted"' }

export const sampleRequest = (change: Partial<GrantRequest> = {}): GrantRequest => ({
  ...SCOPE,
  ...FROM,
  ...{ code: 'BCDFGHJK', createdAtMs: NOW_MS, expiresAtMs: NOW_MS + 900_000, maxAgeSeconds: 900 },
  ...{ acceptAcr: undefined, cover: FETCH },
  ...change,
})

export const confirmation = (change: Partial<Confirmation> = {}): Confirmation => ({
  ...{ cover: FETCH, grantedAtMs: NOW_MS, expiresAtMs: NOW_MS + 28_800_000 },
  evidence: { acr: 'mfa', acrs: ['c1'], amr: ['pwd', 'otp'], authTime: NOW_MS / 1000 },
  binding: 'signature',
  ...change,
})

export const sampleGrant = (change: Partial<Grant> = {}): Grant => ({
  ...SCOPE,
  ...FROM,
  ...{ id: 'grant-1', confirmations: [confirmation()] },
  ...change,
})

export function testGrantStore(open: () => Promise<OpenGrantStores>): void {
  let opened: OpenGrantStores
  let [one, other]: readonly [GrantStore, GrantStore] = [] as never
  beforeEach(async () => {
    opened = await open()
    ;[one, other] = opened.stores
  })
  afterEach(() => opened.close())

  const grant = async (change: Partial<Grant> & { readonly code: string }) => {
    const { code, ...rest } = change
    const made = sampleGrant(rest)
    const { accountKey, network, clientClass } = made
    await one.openRequest(sampleRequest({ code, accountKey, network, clientClass }), NOW_MS)
    assert.equal(await one.confirm(code, made), true)
    return made
  }

  test('a request opened by one is read by the other by its code, every member as it was', async () => {
    const request = sampleRequest({ acceptAcr: ['mfa', 'c1'] })
    assert.deepEqual(await one.openRequest(request, NOW_MS), request)
    assert.deepEqual(await other.readRequest(request.code), request)
    assert.equal(await other.readRequest('ZZZZZZZZ'), undefined)
    assert.equal(await other.findGrant(request), undefined)
  })

  test('a second request of the same scope gets the open one, and a new one once that has expired or asks for less', async () => {
    const first = await one.openRequest(sampleRequest(), NOW_MS)
    assert.deepEqual(await other.openRequest(sampleRequest({ code: 'SECOND22' }), NOW_MS + 1), first)
    assert.equal(await other.readRequest('SECOND22'), undefined)
    const stricter = sampleRequest({ code: 'THRDTHRD', maxAgeSeconds: 60 })
    assert.deepEqual(await other.openRequest(stricter, NOW_MS + 2), stricter)
    assert.equal(await one.readRequest(first.code), undefined, 'replaced')
    const otherAcr = sampleRequest({ code: 'FRTHFRTH', maxAgeSeconds: 60, acceptAcr: ['mfa'] })
    assert.deepEqual(await one.openRequest(otherAcr, NOW_MS + 3), otherAcr)
    const late = sampleRequest({ code: 'FFTHFFTH', acceptAcr: ['mfa'], expiresAtMs: NOW_MS + 2_000_000 })
    assert.deepEqual(await one.openRequest(late, NOW_MS + 900_000), late)
  })

  test('of many clients that ask at once for one scope, all are shown the same link, and it is good', async () => {
    const asked = await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        (index % 2 === 0 ? one : other).openRequest(sampleRequest({ code: `CODE${index}` }), NOW_MS),
      ),
    )
    assert.equal(new Set(asked.map(({ code }) => code)).size, 1)
    assert.deepEqual(await other.readRequest(asked[0]?.code ?? ''), asked[0])
  })

  test('a request is confirmed by one caller only, and from then on the grant is there for both', async () => {
    const request = await one.openRequest(sampleRequest(), NOW_MS)
    const made = sampleGrant({
      confirmations: [confirmation({ evidence: { acr: undefined, acrs: [], amr: [], authTime: NOW_MS / 1000 } })],
    })
    const tries = await Promise.all([one, other, one, other].map(async store => store.confirm(request.code, made)))
    assert.equal(tries.filter(Boolean).length, 1)
    assert.deepEqual(await other.findGrant(made), made)
    assert.equal(await other.readRequest(request.code), undefined)
    assert.equal(await other.confirm(request.code, made), false)
  })

  test('a request that is refused is gone for both, once, and can be confirmed no more', async () => {
    const [request, kept] = [sampleRequest(), sampleRequest({ code: 'KEPTKEPT', cover: PUSH })]
    await one.openRequest(request, NOW_MS)
    await one.openRequest(kept, NOW_MS)
    const tries = await Promise.all([one, other, one, other].map(async store => store.refuseRequest(request)))
    assert.equal(tries.filter(Boolean).length, 1)
    assert.equal(await other.readRequest(request.code), undefined)
    assert.equal(await one.confirm(request.code, sampleGrant()), false)
    assert.equal(await other.refuseRequest(sampleRequest({ code: 'ZZZZZZZZ' })), false)
    assert.deepEqual(await other.readRequest(kept.code), kept, 'what else was asked for stays')
    assert.deepEqual(await other.openRequest(request, NOW_MS + 1), request, 'it can be asked for anew')
  })

  test('a grant holds for its account, network and class of client together, and a new one replaces it', async () => {
    await grant({ code: 'AAAA2222' })
    for (const differs of [
      { accountKey: storedAccountKey('bob') },
      { network: '10.0.0.0/8' },
      { clientClass: 'rest' } as const,
    ])
      assert.equal(await other.findGrant({ ...SCOPE, ...differs }), undefined)
    const again = await grant({
      code: 'BBBB2222',
      id: 'grant-2',
      confirmations: [confirmation({ grantedAtMs: NOW_MS + 1 })],
    })
    assert.deepEqual(await other.grantsOf(SCOPE.accountKey), [again])
  })

  test('what was confirmed before, for something else and still running, stays in the grant, with its own evidence and end', async () => {
    const fetch = confirmation({ expiresAtMs: NOW_MS + 50 })
    await grant({ code: 'AAAA2222', confirmations: [fetch] })
    const push = confirmation({
      cover: PUSH,
      grantedAtMs: NOW_MS + 1,
      evidence: { acr: 'c2', acrs: [], amr: ['hwk'], authTime: 7 },
    })
    await grant({ code: 'BBBB2222', id: 'grant-2', confirmations: [push] })
    assert.deepEqual(await other.findGrant(SCOPE), sampleGrant({ id: 'grant-2', confirmations: [push, fetch] }))
    const late = confirmation({ cover: PUSH, grantedAtMs: NOW_MS + 60 })
    await grant({ code: 'CCCC2222', id: 'grant-3', confirmations: [late] })
    assert.deepEqual((await other.findGrant(SCOPE))?.confirmations, [late, push], 'of another kind of sign-in')
    await other.revokeGrant(SCOPE.accountKey, 'grant-3')
    const again = await grant({ code: 'DDDD2222', id: 'grant-4' })
    assert.deepEqual(await other.findGrant(SCOPE), again, 'what was taken back stays so')
  })

  test('requests for different things in one scope are open side by side, each with its link', async () => {
    const fetch = await one.openRequest(sampleRequest(), NOW_MS)
    const push = await one.openRequest(sampleRequest({ code: 'PVSHPVSH', cover: PUSH }), NOW_MS)
    assert.deepEqual(await other.openRequest(sampleRequest({ code: 'BBBB2222', cover: PUSH }), NOW_MS + 1), push)
    assert.deepEqual(await other.openRequest(sampleRequest({ code: 'CCCC2222' }), NOW_MS + 1), fetch)
    assert.deepEqual([await other.readRequest(fetch.code), await other.readRequest(push.code)], [fetch, push])
    assert.equal(await other.confirm(push.code, sampleGrant({ confirmations: [confirmation({ cover: PUSH })] })), true)
    assert.equal(await other.readRequest(push.code), undefined)
    assert.deepEqual(await other.readRequest(fetch.code), fetch)
    assert.equal(await one.confirm(fetch.code, sampleGrant({ id: 'grant-2' })), true)
    const covers = (await one.findGrant(SCOPE))?.confirmations.map(({ cover }) => cover)
    assert.deepEqual(covers, [FETCH, PUSH])
  })

  test('the grants of an account are listed newest first, and revoked one by one or all together, those of others left alone', async () => {
    const old = await grant({ code: 'AAAA2222' })
    const fresh = await grant({
      code: 'BBBB2222',
      id: 'grant-2',
      clientClass: 'rest',
      confirmations: [confirmation({ grantedAtMs: NOW_MS + 1 })],
    })
    const ofBob = await grant({ code: 'CCCC2222', id: 'grant-3', accountKey: storedAccountKey('bob') })
    assert.deepEqual(await other.grantsOf(SCOPE.accountKey), [fresh, old])
    assert.equal(await other.revokeGrant(storedAccountKey('bob'), old.id), false)
    assert.equal(await other.revokeGrant(SCOPE.accountKey, old.id), true)
    assert.equal(await one.revokeGrant(SCOPE.accountKey, old.id), false)
    assert.deepEqual(await one.grantsOf(SCOPE.accountKey), [fresh])
    await other.revokeGrantsOf(SCOPE.accountKey)
    assert.deepEqual(await one.grantsOf(SCOPE.accountKey), [])
    assert.deepEqual(await one.findGrant(ofBob), ofBob)
  })

  test('of the requests of one account the newest hundred are kept', async () => {
    const codes = Array.from({ length: 103 }, (_, index) => `C${String(index).padStart(3, '0')}`)
    for (const [index, code] of codes.entries())
      await one.openRequest(
        sampleRequest({ code, network: `10.0.${index}.0/24`, createdAtMs: NOW_MS + index }),
        NOW_MS + index,
      )
    const found = await Promise.all(codes.map(async code => (await other.readRequest(code))?.code))
    assert.deepEqual(
      found.filter(code => code !== undefined),
      codes.slice(3),
    )
  })

  test('the newest of a hundred requests is kept, also where the clock was set back', async () => {
    const open = (index: number, createdAtMs: number) =>
      one.openRequest(sampleRequest({ code: `C${index}`, network: `10.0.${index}.0/24`, createdAtMs }), NOW_MS)
    for (let index = 0; index < 100; index++) await open(index, NOW_MS + index)
    await open(100, NOW_MS - 3_600_000)
    const found = await Promise.all(['C0', 'C1', 'C100'].map(async code => (await other.readRequest(code))?.code))
    assert.deepEqual(found, [undefined, 'C1', 'C100'])
  })
}
