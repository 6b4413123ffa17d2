import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import { agreed, writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'

/**
 * Starts it by `launch`, asks for a page with a token, and stops it by SIGTERM. The store is where it is by default.
 * @returns the seconds from the launch to the answer.
 */
export async function firstRequest(folder: string, launch: (configFile: string) => ChildProcess): Promise<number> {
  const op = await startOpenIdProvider({ users: [], clients: [], audience: agreed.audience })
  const origin = await startEchoOrigin()
  mkdirSync(folder, { recursive: true })
  const [port, adminPort] = await freePorts()
  const setting = {
    port,
    adminPort,
    upstreamUrl: origin.url,
    issuer: op.issuer,
    clientSecret: 'secret',
    directory: folder,
  }
  const configFile = await writeTorhausConfig(setting, usual => ({
    ...usual,
    upstream: { url: origin.url, identity: { kind: 'none' } },
    session: { encryptionKeyFiles: usual.session.encryptionKeyFiles },
  }))
  const startMs = performance.now()
  const child = launch(configFile)
  const ended = once(child, 'exit')
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (said += chunk))
  try {
    while (child.exitCode === null && (await readiness(adminPort)) !== 200)
      await new Promise(done => setTimeout(done, 50))
    assert.equal(child.exitCode, null, said)
    const Authorization = `Basic ${Buffer.from(`:${samplePat}`).toString('base64')}`
    const response = await fetch(`http://127.0.0.1:${port}/page`, { headers: { Authorization } })
    assert.equal(response.status, 200, said)
    const seconds = (performance.now() - startMs) / 1000
    assert.equal((await fetch(`http://127.0.0.1:${port}/page`)).status, 401)
    return seconds
  } finally {
    child.kill('SIGTERM')
    const [code] = await ended
    await Promise.all([op.close(), origin.close()])
    assert.equal(code, 0, said)
  }
}

const readiness = (port: number) =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ status }) => status,
    () => 0,
  )
