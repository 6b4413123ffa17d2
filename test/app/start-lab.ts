/** A Torhaus that is about to start in the test's own process, with a configuration for a test to break. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { startProxy } from '../../src/app/proxy-server.ts'
import { createLog } from '../../src/observability/log.ts'
import { system } from '../../src/system.ts'
import { watchResources } from './open-resources.ts'

export interface Place {
  readonly directory: string
  /** In the directory; made with that content where one is given. */
  file(name: string, content?: string): string
}

/** The files were there when the configuration was checked. */
export type Break = (config: Config, place: Place) => Config

export async function inPlace(use: (config: Config, place: Place) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-start-'))
  try {
    const [port, adminPort] = [await freePort(), await freePort()]
    const ours = { port, adminPort, upstreamUrl: 'http://127.0.0.1:9', issuer: 'http://127.0.0.1:9', directory }
    const loaded = loadConfig(await writeTorhausConfig({ ...ours, clientSecret: 'secret' }), {})
    assert.ok(loaded.ok, JSON.stringify(loaded))
    const file = (name: string, content?: string) => {
      const path = join(directory, name)
      if (content !== undefined) writeFileSync(path, content)
      return path
    }
    await use(
      { ...loaded.config, logging: { ...loaded.config.logging, auditFile: file('audit.log') } },
      { directory, file },
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export const start = (config: Config) =>
  startProxy(config, createLog({ level: 'info' }, { write: () => undefined }, system.now), system)

/** A start that fails, and what it leaves open. */
export const failsAndLeavesNothing = (change: Break, reason?: object) =>
  inPlace(async (config, place) => {
    const broken = change(config, place)
    const left = watchResources()
    await (reason === undefined ? assert.rejects(start(broken)) : assert.rejects(start(broken), reason))
    assert.deepEqual(await left(), [])
  })

export const withStore = (config: Config, store: Partial<Config['session']['store']>): Config => ({
  ...config,
  session: { ...config.session, store: { ...config.session.store, ...store } },
})

export const withAuditFile = (config: Config, auditFile: string): Config => ({
  ...config,
  logging: { ...config.logging, auditFile },
})
