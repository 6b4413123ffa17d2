/** What a PAC says of its account, and how it could say it so that a reader goes astray. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { bareToken, recordedKeytab } from '../../../../devkit/kerberos/recorded-tokens.ts'
import { carrying, forgedPac } from '../../../../devkit/realm/forged-pac.ts'
import { serviceKey } from '../../../../devkit/realm/forged-token.ts'
import { readApRequest } from '../../../../src/kerberos/protocol/ap-request.ts'
import { apRequestIn } from '../../../../src/kerberos/protocol/gss-token.ts'
import { readLogonInfo } from '../../../../src/kerberos/protocol/logon-info.ts'
import { NdrReader } from '../../../../src/kerberos/protocol/ndr-reader.ts'
import { PAC_BUFFER, readPac } from '../../../../src/kerberos/protocol/pac.ts'
import { readSid } from '../../../../src/kerberos/protocol/sid.ts'
import { openTicket } from '../../../../src/kerberos/protocol/ticket.ts'
import { readUpnDnsInfo } from '../../../../src/kerberos/protocol/upn-dns-info.ts'
import { type ForgedAcceptor, startForgedAcceptor } from '../forged-acceptor.ts'

const malformed = { code: 'malformed' }
const { key } = recordedKeytab().entries.find(entry => entry.key.enctype.number === 18) ?? assert.fail('no key')
const buffers = readPac(openTicket(readApRequest(apRequestIn(bareToken)).ticket, key).pac ?? assert.fail('no PAC'))
const bufferOf = (type: number): Buffer => buffers.get(type) ?? assert.fail('no such buffer')
const logonInfo = Buffer.from(bufferOf(PAC_BUFFER.logonInfo))

/** Where its last pointed-at element ends; behind it is what fills it up to a multiple of eight. */
const stubEnd = logonInfo.length - 4

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32LE(value)
  return octets
}

/** Behind the header: the end of the fixed part, and in it the groups of resources (MS-PAC 2.5). */
const FIRST_STRING_AT = 20 + 216
const RESOURCES_AT = 20 + 204

function changed(changes: readonly (readonly [at: number, value: number])[]): Buffer {
  const info = Buffer.from(logonInfo)
  for (const [at, value] of changes) info.writeUInt32LE(value, at)
  return info
}

interface Sizes {
  readonly counted?: number
  readonly inArray?: number
  readonly sidParts?: number
  readonly sidPartsBefore?: number
}

let door: ForgedAcceptor
before(() => {
  door = startForgedAcceptor({ question: { sids: new Set(['S-1-18-5']), indicators: new Set() } })
})
after(() => door[Symbol.dispose]())

describe('the account in a PAC', () => {
  it('is named with its groups', () => {
    const { accountName, userSid, groupSids } = readLogonInfo(logonInfo)
    assert.equal(accountName, 'alice')
    assert.match(userSid, /^S-1-5-21-\d+-\d+-\d+-\d+$/)
    // Domain users; the identity was asserted by the KDC (MS-DTYP 2.4.2.4).
    assert.equal(groupSids[0], `${userSid.slice(0, userSid.lastIndexOf('-'))}-513`)
    assert(groupSids.includes('S-1-18-1'))
    assert.deepEqual(readUpnDnsInfo(bufferOf(PAC_BUFFER.upnDnsInfo)), {
      ...{ upn: 'alice@corp.test', dnsDomain: 'CORP.TEST', samName: 'alice' },
    })
  })

  it('has counts that agree, a billion groups only where there are so many, and SIDs of 15 parts (pitfall 51)', async () => {
    const { groupSids } = readLogonInfo(logonInfo)
    // Groups of resources come last: a domain, then its groups, counted here and in the fixed part.
    const withResources = ({
      counted = 2,
      inArray = 2,
      sidParts = 1,
      sidPartsBefore = sidParts,
    }: Sizes = {}): Buffer => {
      const fixed = Buffer.from(logonInfo)
      for (const [at, value] of [
        [20 + 204, 1],
        [20 + 208, counted],
        [20 + 212, 1],
      ] as const)
        fixed.writeUInt32LE(value, at)
      const numbers = (...values: number[]) => Buffer.concat(values.map(value => uint32(value)))
      const sid = Buffer.concat([
        ...[numbers(sidPartsBefore), Buffer.from([1, sidParts, 0, 0, 0, 0, 0, 5])],
        numbers(...Array<number>(Math.min(sidParts, 20)).fill(21)),
      ])
      // Stubs end at a multiple of eight (MS-RPCE 2.2.6.2).
      return Buffer.concat([fixed.subarray(0, stubEnd), sid, numbers(inArray, 1001, 7, 1002, 7)])
    }
    assert.deepEqual(readLogonInfo(withResources()).groupSids, [...groupSids, 'S-1-5-21-1001', 'S-1-5-21-1002'])
    assert.equal(readLogonInfo(withResources({ sidParts: 15 })).groupSids.length, groupSids.length + 2)
    for (const changes of [
      ...[{ counted: 1 }, { counted: 3 }, { counted: 0 }, { inArray: 1 }, { sidPartsBefore: 2 }, { sidPartsBefore: 0 }],
      ...[{ sidParts: 16 }, { sidParts: 255 }, { counted: 1_000_000_000, inArray: 1_000_000_000 }],
      ...[{ counted: 0xffff_ffff, inArray: 0xffff_ffff }],
    ]) {
      const octets = withResources(changes)
      assert.throws(() => readLogonInfo(octets), malformed, JSON.stringify(changes))
      assert.equal(
        await door.forged(
          carrying(
            forgedPac(serviceKey, {
              name: 'alice',
              authTimeMs: door.nowMs - 60_000,
              buffers: [[PAC_BUFFER.logonInfo, octets]],
            }),
          ),
        ),
        'token-defective',
      )
    }
    assert.throws(() => new NdrReader(uint32(1_000_000_000)).count(8), malformed, 'before memory is taken')
    const sid = Buffer.concat([Buffer.from([1, 16, 0, 0, 0, 0, 0, 5]), Buffer.alloc(64)])
    assert.throws(() => readSid(new NdrReader(sid)), malformed)
  })

  it('has a header of little-endian NDR, and something behind it', () => {
    for (const [at, octet] of [
      [0, 2],
      [1, 0],
      [2, 16],
    ] as const) {
      const info = Buffer.from(logonInfo)
      info[at] = octet
      assert.throws(() => readLogonInfo(info), malformed, `octet ${at}`)
    }
    assert.throws(() => readLogonInfo(changed([[16, 0]])), malformed, 'empty')
  })

  it('has strings that begin at their beginning and end in their buffer', () => {
    // How many characters there is room for, where they begin, how many there are.
    assert.equal(logonInfo.readUInt32LE(FIRST_STRING_AT + 8), 'alice'.length)
    assert.equal(readLogonInfo(changed([[FIRST_STRING_AT, 'alice'.length]])).accountName, 'alice')
    for (const change of [
      [FIRST_STRING_AT, 'alice'.length - 1],
      [FIRST_STRING_AT + 4, 1],
      [FIRST_STRING_AT + 8, 1_000_000],
    ] as const)
      assert.throws(() => readLogonInfo(changed([change])), malformed)
  })

  it('has what it counts, and the domains of its groups', () => {
    assert.throws(() => readLogonInfo(changed([[RESOURCES_AT + 4, 2]])), malformed, 'two groups, and no list of them')
    const list = [uint32(2), uint32(1001), uint32(7), uint32(1002), uint32(7)]
    const homeless = changed([
      [RESOURCES_AT + 4, 2],
      [RESOURCES_AT + 8, 1],
    ])
    assert.throws(() => readLogonInfo(Buffer.concat([homeless.subarray(0, stubEnd), ...list])), malformed)
    // Four parts: 21, then those of the domain (MS-DTYP 2.4.2.2).
    const sidAt = logonInfo.indexOf(Buffer.from('04000000010400000000000515000000', 'hex'))
    const nobodys = changed([[20 + 152, 0]])
    const without = Buffer.concat([nobodys.subarray(0, sidAt), nobodys.subarray(sidAt + 28)])
    assert.throws(() => readLogonInfo(without), malformed, 'no domain')
  })

  it('has names of UPN_DNS_INFO within it, of whole characters (pitfall 52)', () => {
    const withSize = (at: number, value: number): Buffer => {
      const octets = Buffer.from(bufferOf(PAC_BUFFER.upnDnsInfo))
      octets.writeUInt16LE(value, at)
      return octets
    }
    const { length } = bufferOf(PAC_BUFFER.upnDnsInfo)
    for (const at of [0, 4, 12])
      for (const size of [1, 7, length, 0xfffe]) assert.throws(() => readUpnDnsInfo(withSize(at, size)), malformed)
    for (const at of [2, 6, 14])
      for (const offset of [length, 0xffff]) assert.throws(() => readUpnDnsInfo(withSize(at, offset)), malformed)
    for (let size = 0; size < 20; size++)
      assert.throws(() => readUpnDnsInfo(bufferOf(PAC_BUFFER.upnDnsInfo).subarray(0, size)), malformed)
  })
})
