/** One element more than there should be, at the end of each one that holds others: at every depth, in every message. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { DECODERS, isRead } from '../../../../devkit/kerberos/decoders.ts'
import { writeElement } from '../../../../src/asn1/der.ts'

interface Element {
  readonly tag: number
  readonly contents: Buffer
  /** Undefined: it holds octets. */
  readonly children: Element[] | undefined
}

const CONSTRUCTED = 0x20
const CONTEXT = 0x80
const OCTET_STRING = 0x04
const ONE_MORE: Element = { tag: 0x05, contents: Buffer.alloc(0), children: undefined }

/** Below these paths of tags nothing is read, or nothing refused by this decoder. */
const UNREAD: Readonly<Record<string, RegExp>> = {
  // The token is its mechanism's, and read as such (AP-REQ).
  SPNEGO: /^60 a0 30 a2 04/,
  // Values of preauthentication data are read by whom they concern.
  'KDC reply': /^6b 30 a2 30 30 a2 04/,
  'FAST response under the armour': /^30 a0 30 30 a2 04/,
  // Last requests, and names in an error.
  'part of a KDC reply under our key': /^79 30 a1 30/,
  'KDC error': /^7e 30 aa 30/,
  // Indicators whose signature does not fit any more are passed over.
  CAMMAC: /^aa 30 30 a1 04 30 30 a1 04 30 a0 30 30 a1 04/,
}

/** They say what something is, or pass it on, and refuse nothing of it. */
const READ_NO_FURTHER = ['Negotiate', 'GSS frame', 'status in a KDC error']

function elementsOf(octets: Buffer): Element[] | undefined {
  const found: Element[] = []
  for (let at = 0; at < octets.length; ) {
    const [tag = 0, first = 0x80] = octets.subarray(at)
    const count = first < 0x80 ? 0 : first & 0x7f
    const start = at + 2 + count
    if (tag === 0 || count > 3 || first === 0x80 || start > octets.length) return undefined
    const length = count === 0 ? first : octets.readUIntBE(at + 2, count)
    if (length > octets.length - start) return undefined
    const contents = octets.subarray(start, start + length)
    const mayHold = (tag & CONSTRUCTED) !== 0 || (tag === OCTET_STRING && length > 0)
    found.push({ tag, contents, children: mayHold ? elementsOf(contents) : undefined })
    at = start + length
  }
  return found
}

const written = ({ tag, contents, children }: Element): Buffer =>
  children === undefined ? writeElement(tag, contents) : writeElement(tag, ...children.map(written))

function visit(element: Element, before: string, seen: (element: Element, path: string) => void): void {
  const path = `${before} ${element.tag.toString(16).padStart(2, '0')}`.trimStart()
  if (element.children === undefined) return
  seen(element, path)
  for (const child of element.children) visit(child, path, seen)
}

for (const decoder of DECODERS) {
  const root = elementsOf(Buffer.from(decoder.sample))
  if (root === undefined || READ_NO_FURTHER.includes(decoder.name)) continue
  it(`of ${decoder.name} is refused wherever it stands`, () => {
    const [whole, ...rest] = root
    assert(whole !== undefined && rest.length === 0)
    assert(written(whole).equals(decoder.sample))
    const taken: string[] = []
    let tried = 0
    visit(whole, '', ({ children = [] }, path) => {
      tried++
      children.push(ONE_MORE)
      const unread = UNREAD[decoder.name]?.test(path) ?? false
      if (isRead(decoder, written(whole)) && !unread) taken.push(path)
      children.pop()
    })
    // Behind all of it; a field has others behind it.
    const isMessage = (whole.tag & CONTEXT) !== CONTEXT
    if (isMessage && isRead(decoder, Buffer.concat([written(whole), written(ONE_MORE)]))) taken.push('behind it')
    assert(tried > 2)
    assert.deepEqual(taken, [])
  })
}
