/** Small buffers are cut from one that lives as long as the process: a password that was decoded there would, too. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { parseBasic } from '../../src/http/authorization.ts'

// Not written here: the source of this file may lie there as well.
const SECRET = randomBytes(12).toString('hex').toUpperCase()

test('what was decoded of Basic is overwritten', () => {
  const token = Buffer.alloc(SECRET.length + 4, `ada:${SECRET}`).toString('base64')
  const pools = new Set<ArrayBufferLike>([Buffer.from('before').buffer])
  assert.deepEqual(parseBasic(token), { username: 'ada', password: SECRET })
  pools.add(Buffer.from('after').buffer)
  const found = [...pools].filter(pool => Buffer.from(pool).includes(SECRET))
  assert.equal(found.length, 0)
})
