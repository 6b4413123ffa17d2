/** When a keytab on disk is looked at again. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { forgedKeytab } from '../../../devkit/realm/forged-token.ts'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { readKeytab } from '../../../src/kerberos/protocol/keytab.ts'

const directory = mkdtempSync(join(tmpdir(), 'torhaus-keytab-'))
after(() => rmSync(directory, { recursive: true }))

test('who asks again and again sees a change within a second, who asks for keys at once', () => {
  const path = join(directory, 'keytab')
  writeFileSync(path, forgedKeytab())
  let nowMs = 5000
  using keytab = new KeytabFile(path, () => nowMs)
  keytab.lookNowAndThen()
  const before = keytab.generation
  const touch = (second: number) => utimesSync(path, second, second)
  touch(1000)
  nowMs += 999
  keytab.lookNowAndThen()
  assert.equal(keytab.generation, before)
  nowMs += 1
  keytab.lookNowAndThen()
  assert.equal(keytab.generation, before + 1)
  touch(2000)
  assert.equal(keytab.keysOf('HTTP/proxy.corp.test@CORP.TEST').length, 1)
  assert.equal(keytab.generation, before + 2)
})

test('a large one that has changed is read in pieces, while the keys from before serve', async () => {
  const path = join(directory, 'large')
  const [entries, inOneTurn] = [3_000, 75]
  const whole = forgedKeytab()
  writeFileSync(path, Buffer.concat([whole, ...Array.from({ length: entries - 1 }, () => whole.subarray(2))]))
  using keytab = new KeytabFile(path)
  const service = 'HTTP/proxy.corp.test@CORP.TEST'
  assert.equal(keytab.keysOf(service).length, entries)
  const before = keytab.generation
  writeFileSync(path, Buffer.concat([readFileSync(path), whole.subarray(2)]))
  let turns = 0
  for (; keytab.generation === before && turns < 100_000; turns++) {
    assert.equal(keytab.keysOf(service)[0]?.key.disposed, false)
    await setImmediate()
  }
  assert(turns >= entries / inOneTurn, `${turns} turns`)
  assert.equal(keytab.keysOf(service).length, entries + 1)
})

test('keys that nobody asks for are not kept', () => {
  const path = join(directory, 'several')
  const [own, other] = ['HTTP/proxy.corp.test@CORP.TEST', 'HTTP/other.corp.test@CORP.TEST']
  writeFileSync(path, madeKeytab({ principal: own }, { principal: other }))
  using everybodys = new KeytabFile(path)
  using ours = new KeytabFile(path, undefined, [own])
  assert.deepEqual(
    [everybodys, ours].map(keytab => [own, other].map(name => keytab.keysOf(name).length)),
    [
      [1, 1],
      [1, 0],
    ],
  )
})

test('every HTTP name of a realm is asked for as one', () => {
  const path = join(directory, 'aliases')
  const names = ['HTTP/a.corp.test@CORP.TEST', 'HTTP/b@CORP.TEST', 'HTTP/a.corp.test@OTHER.TEST', 'host/a@CORP.TEST']
  writeFileSync(path, madeKeytab(...names.map(principal => ({ principal }))))
  using keytab = new KeytabFile(path, undefined, ['HTTP/*@CORP.TEST'])
  const found = (name: string) => keytab.keysOf(name).map(entry => `${entry.name.components.join('/')}@${entry.realm}`)
  assert.deepEqual(found('HTTP/*@CORP.TEST'), names.slice(0, 2))
  assert.deepEqual(
    names.map(name => found(name).length),
    [1, 1, 0, 0],
  )
})

test('of keys with one number and type the one that was added last comes first', () => {
  const path = join(directory, 'added')
  const principal = 'svc-proxy@CORP.TEST'
  const [older, newer] = [madeKeytab({ principal }), madeKeytab({ principal })]
  const keyIn = (octets: Buffer) => readKeytab(octets).entries[0]?.key.read(value => Buffer.from(value))
  writeFileSync(path, Buffer.concat([older, newer.subarray(2)]))
  using keytab = new KeytabFile(path)
  const found = keytab.keysOf(principal).map(({ key }) => key.read(value => Buffer.from(value)))
  assert.deepEqual(found, [keyIn(newer), keyIn(older)])
  assert.deepEqual(keyIn(readFileSync(path)), keyIn(newer))
})

test('one of 16 MiB is the largest', () => {
  const path = join(directory, 'largest')
  const principal = 'svc-proxy@CORP.TEST'
  writeFileSync(path, madeKeytab({ principal }))
  // Zeros are its end.
  truncateSync(path, 16 * 1024 * 1024)
  using keytab = new KeytabFile(path)
  assert.equal(keytab.keysOf(principal).length, 1)
  truncateSync(path, 16 * 1024 * 1024 + 1)
  assert.throws(() => new KeytabFile(path), { code: 'service-credential-refused' })
  assert.equal(keytab.keysOf(principal).length, 1, 'what was read before serves')
})

test('names of one account share its key, so that it is tried once on a ticket, and other keys stay apart', () => {
  const path = join(directory, 'shared')
  const key = Buffer.alloc(32, 5)
  const names = ['HTTP/a.corp.test@CORP.TEST', 'HTTP/b@CORP.TEST']
  writeFileSync(path, madeKeytab(...names.map(principal => ({ principal, key })), { principal: 'HTTP/c@CORP.TEST' }))
  using keytab = new KeytabFile(path)
  const [first, second, other] = keytab.keysOf('HTTP/*@CORP.TEST').map(entry => entry.key)
  assert.equal(first, second)
  assert.notEqual(first, other)
})

test('what is no file in its place is not waited for: the keys from before serve, and those of the next file', {
  skip: process.platform === 'win32' && 'Windows has no such pipes',
}, () => {
  const path = join(directory, 'replaced')
  const service = 'HTTP/proxy.corp.test@CORP.TEST'
  writeFileSync(path, forgedKeytab())
  using keytab = new KeytabFile(path)
  const before = keytab.generation
  const places = [() => execFileSync('mkfifo', [path]), () => symlinkSync('/dev/zero', path), () => mkdirSync(path)]
  for (const make of places) {
    rmSync(path, { recursive: true })
    make()
    assert.equal(keytab.keysOf(service).length, 1)
    assert.equal(keytab.generation, before)
  }
  rmSync(path, { recursive: true })
  writeFileSync(path, forgedKeytab())
  assert.equal(keytab.keysOf(service).length, 1)
  assert.equal(keytab.generation, before + 1)
})
