/** What a balancer that caches makes of forwarded responses: nothing of one person for another. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { startBalancerLab } from './balancer-lab.ts'

const said: readonly (readonly [string, string])[] = [
  ['Cache-Control', 'public, max-age=600'],
  ['Cache-Control', 'max-age=600'],
  ['Expires', 'Fri, 01 Jan 2100 00:00:00 GMT'],
  ['X-Accel-Expires', '600'],
]

test("a cache in nginx keeps no response of somebody, whatever the server says, and what is nobody's stays refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'torhaus-cache-'))
  const cache = `proxy_buffering on; proxy_cache kept; add_header X-Cache $upstream_cache_status always;`
  const lab = await startBalancerLab('nginx', undefined, text =>
    text
      .replace('http {', `http { proxy_cache_path ${folder} keys_zone=kept:1m;`)
      .replace('proxy_buffering off;', '')
      .replace('location / {', `location / { ${cache}`),
  )
  try {
    for (const [index, field] of said.entries()) {
      lab.origin.answerWith((_, response) => response.writeHead(200, [...field]).end('of one person'))
      const line = `GET /page-${index}`
      const [own, others] = [await lab.ask(line, [patField]), await lab.ask(line)]
      assert.deepEqual([own.status, own.one('X-Cache'), own.text], [200, 'MISS', 'of one person'])
      assert.deepEqual([others.status, others.one('X-Cache')], [401, 'MISS'], field.join(': '))
    }
  } finally {
    await lab.close()
    await rm(folder, { recursive: true, force: true })
  }
})
