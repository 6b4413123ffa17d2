/** What does it cost to read a response of the upstream: its head alone, and the whole response through the parser? */
import { bench, do_not_optimize, group } from 'mitata'
import { fieldLines } from '../../src/http/field-lines.ts'
import { readHead } from '../../src/upstream/response-head.ts'
import { ResponseParser } from '../../src/upstream/response-parser.ts'
import { responseFields } from './request-samples.ts'

const MAX_HEAD_BYTES = 131_072
const content = 'torhaus '.repeat(128)
const head = `HTTP/1.1 200 OK\r\n${fieldLines(responseFields)}`
const chunked = Buffer.from(`${head}\r\n400\r\n${content}\r\n0\r\n\r\n`)
const known = head.replace('Transfer-Encoding: chunked', `Content-Length: ${content.length}`)
const ofKnownLength = Buffer.from(`${known}\r\n${content}`)

let completed = 0
const parser = new ResponseParser(
  {
    onInformation() {},
    onUpgrade() {},
    onHead(one) {
      do_not_optimize(one)
    },
    onContent() {},
    onComplete() {
      completed++
    },
  },
  MAX_HEAD_BYTES,
)

function parse(response: Buffer): void {
  const before = completed
  parser.expect(false, false)
  parser.push(response)
  if (completed !== before + 1) throw new Error('the response is not complete')
}

group('response head', () => {
  bench('head, 12 lines', () => do_not_optimize(readHead(head.slice(0, -2), false)))
  bench('whole response of 1 KB, known length', () => parse(ofKnownLength))
  bench('whole response of 1 KB, one chunk', () => parse(chunked))
})
