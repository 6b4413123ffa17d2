/**
 * What git sends to `git-upload-pack` over HTTP with protocol version 2 (gitprotocol-v2): pkt-lines, here without
 * binary parts.
 */

const packet = (text: string) => `${(text.length + 5).toString(16).padStart(4, '0')}${text}\n`
const DELIMITER = '0001'
const FLUSH = '0000'

const head = (command: string) => [
  packet(`command=${command}`),
  packet('agent=git/2.47.3'),
  packet('object-format=sha1'),
  DELIMITER,
]

const objectId = (number: number) => number.toString(16).padStart(40, 'c')

export const LS_REFS_CONTENT = [
  ...head('ls-refs'),
  ...['peel', 'symrefs', 'unborn', 'ref-prefix refs/heads/', 'ref-prefix refs/tags/', 'ref-prefix HEAD'].map(packet),
  FLUSH,
].join('')

/** A fetch of one branch by a clone that has most of it. */
export const FETCH_CONTENT = [
  ...head('fetch'),
  ...['thin-pack', 'no-progress', 'include-tag', 'ofs-delta', `want ${objectId(1)}`].map(packet),
  ...Array.from({ length: 8 }, (_, index) => packet(`have ${objectId(index + 2)}`)),
  packet('done'),
  FLUSH,
].join('')
