import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { AccessTokenVerifier } from '../../src/oidc/access-token.ts'
import { OpKeys } from '../../src/oidc/op-keys.ts'

test('of so many verdicts as configured one more makes room: the oldest is judged again', async () => {
  const users = [{ name: 'ada', password: 'engine' }]
  const op = await startOpenIdProvider({ users, clients: [], audience: 'devops' })
  try {
    const { issuer } = op
    const keys = new OpKeys({
      source: async () => ({ jwksUri: `${issuer}/jwks`, issuer }),
      fetch: url => fetch(url),
      ...{ failed: () => undefined, maxAgeMs: 60_000, graceMs: 0, now: Date.now },
    })
    const verifier = new AccessTokenVerifier(
      {
        ...{ clientId: 'torhaus', issuerAliases: [] },
        accessToken: { acr: 'acr', acrs: 'acrs', amr: ['amr'], authTime: 'auth_time', groups: [] },
        readsGroups: false,
        bearer: {
          ...{ audiences: ['devops'], algorithms: ['RS256', 'ES256', 'PS256'], tokenTypes: 'tolerant' },
          ...{ clockToleranceSeconds: 5, maxCachedVerdicts: 2 },
        },
      },
      keys,
      ({ preferred_username }) => String(preferred_username),
      Date.now,
    )
    const [first = '', second = '', third = ''] = await Promise.all(
      ['a', 'b', 'c'].map(jti => op.issueAccessToken('ada', { jti })),
    )
    const known = () => [first, second, third].map(token => verifier.knows(token))
    await verifier.verify(first)
    await verifier.verify(second)
    assert.deepEqual(known(), [true, true, false])
    await verifier.verify(third)
    assert.deepEqual(known(), [false, true, true])
    assert.ok('evidence' in (await verifier.verify(first)))
    assert.deepEqual(known(), [true, false, true])
  } finally {
    await op.close()
  }
})
