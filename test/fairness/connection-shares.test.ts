import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Standing } from '../../src/listener/share.ts'
import { ConnectionShares } from '../../src/upstream/connection-shares.ts'
import type { Sharer } from '../../src/upstream/owner.ts'

const waiterOf = (owner: string, standing: Standing = 'proven'): Sharer => ({ owner, standing, holder: undefined })

/**
 * 64 connections: one is reserved, four make an owner heavy, eight may be held by clients nobody knows, four by one of
 * them.
 */
const sharesOf = (maxQueued = 10_000) => new ConnectionShares<Sharer>({ maxConnections: 64, maxQueued })

function enter(shares: ConnectionShares<Sharer>, owner: string, count: number, standing: Standing = 'proven') {
  const got = { taken: [] as Sharer[], queued: [] as Sharer[], refused: [] as string[] }
  for (let index = 0; index < count; index++) {
    const waiter = waiterOf(owner, standing)
    if (shares.take(waiter)) got.taken.push(waiter)
    else {
      const code = shares.enqueue(waiter)
      if (code === undefined) got.queued.push(waiter)
      else got.refused.push(code)
    }
  }
  return got
}

function release(shares: ConnectionShares<Sharer>, waiter: Sharer | undefined): Sharer | undefined {
  assert.ok(waiter?.holder)
  shares.release(waiter.holder)
  return shares.next()
}

test('one owner alone has all connections but the last', () => {
  assert.equal(enter(sharesOf(), 'greedy', 100).taken.length, 63)
})

test('the last connection is for who has few: never for strangers, nor for who has many', () => {
  const shares = sharesOf()
  enter(shares, 'greedy', 63)
  assert.equal(enter(shares, '192.0.2.1', 1, 'unproven').taken.length, 0)
  assert.equal(enter(shares, '192.0.2.1', 1, 'holding').taken.length, 0)
  assert.equal(enter(shares, 'modest', 1).taken.length, 1)
})

test('who has few comes before who has many, whoever waits longer', () => {
  const shares = sharesOf()
  const { taken } = enter(shares, 'greedy', 200)
  const first = enter(shares, 'modest', 1).taken
  const second = enter(shares, 'other', 1).queued
  assert.equal(first.length, 1)
  assert.equal(release(shares, taken[0]), second[0])
})

test('owners of one lane take turns, whatever each has waiting', () => {
  const shares = sharesOf()
  const blocking = ['a', 'b', 'c'].flatMap(owner => enter(shares, owner, 21).taken)
  for (const owner of ['x', 'y', 'z']) enter(shares, owner, owner === 'x' ? 9 : 3)
  const order = blocking.slice(0, 6).map(waiter => release(shares, waiter)?.owner)
  assert.deepEqual(order, ['x', 'y', 'z', 'x', 'y', 'z'])
})

test('strangers wait behind people, and yet get their turn', () => {
  const shares = sharesOf()
  const { taken } = enter(shares, 'greedy', 63)
  enter(shares, 'modest', 1)
  enter(shares, '192.0.2.1', 3, 'unproven')
  for (let person = 0; person < 40; person++) enter(shares, `person ${person}`, 1)
  const order = taken.slice(0, 33).map(waiter => release(shares, waiter)?.standing)
  const strangers = order.flatMap((standing, index) => (standing === 'unproven' ? [index] : []))
  assert.equal(strangers.length, 3, String(order))
  assert.ok((strangers[0] ?? 0) >= 3, String(order))
})

test('only so many connections can be held by content still to come, and half of them by one address', () => {
  const shares = sharesOf()
  assert.equal(enter(shares, '192.0.2.1', 100, 'holding').taken.length, 4)
  assert.equal(enter(shares, '192.0.2.2', 100, 'holding').taken.length, 4)
  assert.equal(enter(shares, '192.0.2.3', 100, 'holding').taken.length, 0)
  assert.equal(enter(shares, '192.0.2.3', 100, 'unproven').taken.length, 55)
})

test('what has become free of a share goes to another address before one that has its half', () => {
  const shares = sharesOf()
  enter(shares, '192.0.2.1', 20, 'holding')
  const second = enter(shares, '192.0.2.2', 4, 'holding')
  const third = enter(shares, '192.0.2.3', 1, 'holding')
  assert.equal(release(shares, second.taken[0]), third.queued[0])
  assert.equal(release(shares, second.taken[1]), undefined)
})

test('an owner waits with no more than could still come from others, so the queue is never full for them', () => {
  const shares = sharesOf(100)
  const greedy = enter(shares, 'greedy', 300)
  assert.ok(greedy.queued.length >= 50 && greedy.queued.length <= 51, `${greedy.queued.length} waiting`)
  assert.equal(greedy.refused[0], 'client-share-exceeded')
  enter(shares, 'first', 1)
  const others = Array.from({ length: 20 }, (_, index) => enter(shares, `other ${index}`, 1))
  assert.deepEqual(
    others.flatMap(({ refused }) => refused),
    [],
  )
})

test('strangers have three quarters of the queue, and it is full for everybody at its bound', () => {
  const shares = sharesOf(8)
  enter(shares, 'greedy', 63)
  enter(shares, 'modest', 1)
  const codes = Array.from({ length: 9 }, (_, index) => enter(shares, `192.0.2.${index}`, 1, 'unproven').refused[0])
  assert.deepEqual(codes.slice(0, 6), Array(6).fill(undefined))
  assert.deepEqual(codes.slice(6), Array(3).fill('unproven-share-exceeded'))
  assert.deepEqual(enter(shares, 'ada', 1).refused, [])
  assert.deepEqual(enter(shares, 'bob', 1).refused, [])
  assert.deepEqual(enter(shares, 'carol', 1).refused, ['upstream-overloaded'])
})

test('whoever leaves the queue is not served, and nothing is left of an owner that has nothing', () => {
  const shares = sharesOf()
  const { taken, queued } = enter(shares, 'greedy', 65)
  for (const waiter of queued) assert.equal(shares.leave(waiter), true)
  assert.equal(queued[0] !== undefined && shares.leave(queued[0]), false)
  for (const waiter of taken) assert.equal(release(shares, waiter), undefined)
  assert.deepEqual([shares.queued, shares.held('proven')], [0, 0])
  assert.equal(enter(shares, 'greedy', 100).taken.length, 63)
})

test('500 build agents that poll from one address pass by default', () => {
  const shares = new ConnectionShares<Sharer>({ maxConnections: 512, maxQueued: 10_000 })
  assert.equal(enter(shares, '192.0.2.1', 500, 'unproven').taken.length, 500)
  assert.equal(enter(shares, 'ada', 8).taken.length, 8)
})

test('any order of coming, leaving and going keeps every bound and loses nobody', () => {
  let seed = 42
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  const shares = new ConnectionShares<Sharer>({ maxConnections: 16, maxQueued: 40 })
  const [holding, waiting] = [new Set<Sharer>(), new Set<Sharer>()]
  const pick = (from: Set<Sharer>) => [...from][random(from.size)]
  const serve = () => {
    for (let next = shares.next(); next !== undefined; next = shares.next()) {
      assert.ok(waiting.delete(next))
      holding.add(next)
    }
  }
  const come = () => {
    const waiter = waiterOf(`o${random(6)}`, (['proven', 'unproven', 'holding'] as const)[random(3)])
    if (shares.take(waiter)) holding.add(waiter)
    else if (shares.enqueue(waiter) === undefined) waiting.add(waiter)
  }
  const go = (waiter: Sharer | undefined) => {
    if (waiter?.holder === undefined || !holding.delete(waiter)) return
    shares.release(waiter.holder)
  }
  const leave = (waiter: Sharer | undefined) => {
    if (waiter !== undefined && waiting.delete(waiter)) assert.equal(shares.leave(waiter), true)
  }
  for (let step = 0; step < 20_000; step++) {
    const what = random(5)
    if (what < 2) come()
    else if (what < 4) go(pick(holding))
    else leave(pick(waiting))
    serve()
    const standings = [...holding].filter(({ standing }) => standing === 'holding').length
    assert.ok(holding.size <= 16 && waiting.size <= 40 && standings <= 2)
    assert.equal(shares.queued, waiting.size)
  }
  while (holding.size > 0) {
    for (const waiter of holding) go(waiter)
    serve()
  }
  assert.equal(waiting.size, 0)
})
