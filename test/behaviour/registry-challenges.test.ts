/** A registry behind Torhaus, set up as docs/clients.md says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configured, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

test('anonymous requests to a registry are offered Basic, other paths what is configured for all, Bearer with its realm', async () => {
  const proxy = await startProxy({
    configure: config => {
      const usual = configured()(config)
      return { ...usual, credentials: { ...config.credentials, offerRules: [{ path: '/v2/', offer: ['Basic'] }] } }
    },
  })
  try {
    const challenges = async (path: string) => (await proxy.ask(`GET ${path}`)).all('WWW-Authenticate')
    assert.deepEqual(await challenges('/v2/'), [`Basic realm="${proxy.fixture.url}"`])
    assert.deepEqual(await challenges('/api'), [
      `Bearer realm="${proxy.fixture.url}"`,
      `Basic realm="${proxy.fixture.url}"`,
    ])
  } finally {
    await proxy.close()
  }
})
