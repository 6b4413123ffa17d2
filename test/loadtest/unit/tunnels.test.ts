import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { listen } from '../../../devkit/op/listen.ts'
import { freePort } from '../../../devkit/torhaus/free-port.ts'
import { Tunnels } from '../../../loadtest/generators/tunnels.ts'
import { startServer } from '../../../loadtest/lab/server.ts'

const SERVER = resolve(import.meta.dirname, '../../../loadtest/lab/upload-and-tunnel-server.ts')

test('tunnels to the origin server are opened, echo, and are missed when it ends', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-tunnels-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const port = await freePort()
  const outputFile = join(directory, 'output')
  const server = await startServer([process.execPath, SERVER, `${port}`], { place: 'load', port, outputFile })
  t.after(() => server.stop())
  const tunnels = new Tunnels()
  t.after(() => tunnels.close())
  await tunnels.open(50, 8, { port, target: '/tunnel', fields: {}, signal: t.signal })
  assert.deepEqual([tunnels.count, [...tunnels.refusals]], [50, []])
  assert.equal((await tunnels.echo()).length, 50)
  process.kill(server.pid, 'SIGKILL')
  assert.equal((await tunnels.echo()).length, 0)
  assert.equal(tunnels.count, 0)
})

test('what is refused in place of a tunnel is counted by its status line', async t => {
  const server = createServer((_, response) => response.writeHead(426).end())
  t.after(() => server.close())
  const port = await listen(server, '127.0.0.1', 0)
  const tunnels = new Tunnels()
  await tunnels.open(3, 2, { port, target: '/tunnel', fields: {}, signal: t.signal })
  assert.equal(tunnels.count, 0)
  assert.deepEqual([...tunnels.refusals], [['HTTP/1.1 426 Upgrade Required', 3]])
})
