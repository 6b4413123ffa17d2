import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import { test } from 'node:test'
import { listen } from '../../../devkit/op/listen.ts'
import { usageOf } from '../../../loadtest/lab/process-usage.ts'
import { countSockets } from '../../../loadtest/lab/socket-count.ts'

/** Burns `ms` of processor time, has a child do the same, and tells when both have. */
const burner = (ms: number) => `
  const used = () => { const { user, system } = process.cpuUsage(); return user + system }
  const burn = () => { while (used() < ${ms} * 1000); }
  if (process.argv[1] === 'child') { burn(); process.send('done') }
  else {
    const { spawn } = require('node:child_process')
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc']
    const child = spawn(process.execPath, ['-e', process.env.BURNER, 'child'], { stdio })
    child.once('message', () => { burn(); process.send('done') })
  }
  // Killed with its parent, whoever that is.
  process.on('disconnect', () => process.exit())
`

test('usage is that of a process and of its children, while they run', { timeout: 180_000 }, async t => {
  const script = burner(300)
  const env = { ...process.env, BURNER: script }
  const parent = spawn(process.execPath, ['-e', script], { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  t.after(() => parent.kill('SIGKILL'))
  await once(parent, 'message')
  const { pid } = parent
  assert.ok(pid !== undefined)
  const { cpuUs, residentBytes } = usageOf(pid)
  assert.ok(cpuUs >= 580_000, `${cpuUs} us`)
  // Two processes of Node.
  assert.ok(residentBytes > 50e6, `${residentBytes} bytes`)
})

test('connections are counted once each, from the side of the one who holds them', async t => {
  const upstream = createServer((_, response) => response.end())
  const agent = new Agent({ keepAlive: true })
  const proxy = createServer((_, response) =>
    get({ port: upstreamPort, host: '127.0.0.1', agent }, answer => answer.pipe(response)),
  )
  t.after(() => {
    agent.destroy()
    proxy.close()
    upstream.close()
  })
  const upstreamPort = await listen(upstream, '127.0.0.1', 0)
  const port = await listen(proxy, '127.0.0.1', 0)
  assert.deepEqual(countSockets(port, upstreamPort), { down: 0, up: 0 })
  const clients = [1, 2, 3].map(() => new Agent({ keepAlive: true }))
  for (const client of clients) {
    const [answer] = await once(get({ port, host: '127.0.0.1', agent: client }), 'response')
    answer.resume()
    await once(answer, 'end')
  }
  assert.deepEqual(countSockets(port, upstreamPort), { down: 3, up: 1 })
  for (const client of clients) client.destroy()
})
