/**
 * Each part in turn cannot start, for a reason that operators meet; then nothing of those before it may be left open.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { Config, ProviderSettings } from '../../config/schema.ts'
import { watchResources } from './open-resources.ts'
import { type Break, failsAndLeavesNothing, inPlace, start, withAuditFile, withStore } from './start-lab.ts'

const NO_PEM = 'not a key'

/** The parts in the order in which they start. */
const BROKEN: Readonly<Record<string, Break>> = {
  'the client secret is gone': (config, { file }) => ({
    ...config,
    oidc: { ...(config.oidc as ProviderSettings), clientSecretFile: file('gone') },
  }),
  'the store is in a folder that is not there': (config, { file }) =>
    withStore(config, { sqlite: { file: file('missing/store') } }),
  'the store is a folder': (config, { directory }) => withStore(config, { sqlite: { file: directory } }),
  'the store is no database': (config, { file }) =>
    withStore(config, { sqlite: { file: file('store', 'no database'.repeat(1000)) } }),
  'the key of the assertions is none': (config, { file }) => ({
    ...config,
    upstream: {
      ...config.upstream,
      identity: {
        kind: 'assertion',
        header: config.upstream.identity.header,
        assertion: {
          ...{ field: 'X-Assertion', audience: 'devops', lifetimeSeconds: 300 },
          signingKeyFiles: [file('assertion', NO_PEM)],
        },
      },
    },
  }),
  'a key of the sessions is too short': (config, { file }) => ({
    ...config,
    session: { ...config.session, encryptionKeyFiles: [file('short-key', 'c2hvcnQ=')] },
  }),
  'the audit log is in a folder that is not there': (config, { file }) =>
    withAuditFile(config, file('missing/audit.log')),
  'the authorities for the origin server are gone': (config, { file }) => ({
    ...config,
    upstream: { ...config.upstream, url: 'https://127.0.0.1:9', tls: { caFile: file('gone') } },
  }),
  'the certificate of the listener is gone': (config, { file }) => withTls(config, file('gone'), file('gone')),
  'the certificate of the listener is none': (config, { file }) =>
    withTls(config, file('certificate', NO_PEM), file('key', NO_PEM)),
}

const withTls = (config: Config, certificateFile: string, privateKeyFile: string): Config => ({
  ...config,
  listener: { ...config.listener, tls: { certificateFile, privateKeyFile, profile: 'intermediate' } },
})

// What is loaded, resolved and kept for ever by the first start is no leak.
test('a start that works, and is ended, leaves nothing open', () =>
  inPlace(async config => {
    for (const _ of [1, 2]) {
      const left = watchResources()
      const proxy = await start(config)
      await proxy.kill()
      // The time limit of a question to the OP ends by itself (AbortSignal.timeout).
      const rest = (await left()).filter(one => !one.includes('openid-client'))
      assert.deepEqual(rest, [])
    }
  }))

for (const [what, change] of Object.entries(BROKEN))
  test(`nothing is left open where ${what}`, () => failsAndLeavesNothing(change))

test('nothing is left open where the port is taken', () =>
  inPlace(async config => {
    const { host, port } = config.listener
    const other = createServer()
    await new Promise<void>(resolve => other.listen(port, host, resolve))
    try {
      const left = watchResources()
      await assert.rejects(start(config), { code: 'EADDRINUSE' })
      assert.deepEqual(await left(), [])
    } finally {
      await new Promise(resolve => other.close(resolve))
    }
  }))
