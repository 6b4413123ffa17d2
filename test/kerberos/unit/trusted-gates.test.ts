/** Two realms that are trusted, and no KDC of either: each has a circuit of its own. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { attemptMemory } from '../../../devkit/torhaus/attempt-memory.ts'
import { openDirectory } from '../../../src/kerberos/directory.ts'

test('people of one realm are asked about while the KDCs of another are away, and the circuit says whose it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'torhaus-gates-'))
  const keytabFile = join(folder, 'keytab')
  writeFileSync(keytabFile, madeKeytab({ principal: 'HTTP/proxy.corp.test@CORP.TEST' }))
  const circuits: string[] = []
  const passwords = {
    ...{ accept: true, verdictSeconds: 300, reservedFailuresPerAccount: 1, provenNetworkSeconds: 0 },
    ...{ ipv6PrefixBits: 64, maxFailuresPerAccount: 3, maxFailuresPerAddress: 20, failureWindowSeconds: 1800 },
  }
  // Nobody listens there.
  const kdcs = ['127.0.0.1:9']
  try {
    using directory = openDirectory(
      {
        ...{ realm: 'CORP.TEST', kdcs, keytabFile, servicePrincipal: 'svc-proxy', passwords, upnSuffixes: [] },
        ...{ replayCacheDirectory: join(folder, 'replay'), recheckSeconds: 300, channelBindings: 'accept' as const },
        trustedRealms: ['PARTNER.TEST', 'OTHER.TEST'].map(realm => ({ realm, kdcs, acceptTicket: false })),
        ...{ kdcTimeoutMs: 5_000, kdcFailureThreshold: 1, kdcPauseMs: 5_000, maxPrincipals: 10 },
      },
      'proxy.corp.test',
      {
        ...{ now: Date.now, monotonic: () => 0, environment: {}, attempts: attemptMemory() },
        ...{ onKdc: () => undefined, certificate: undefined },
        onCircuit: (state, realm) => void circuits.push(`${realm} ${state}`),
        question: { sids: new Set<string>(), indicators: new Set<string>() },
      },
    )
    const check = (name: string, password: string) => directory.checkPassword(name, password, '192.0.2.1')
    await assert.rejects(check('ada@PARTNER.TEST', 'one'), { code: 'kdc-unreachable' })
    await assert.rejects(check('ada@PARTNER.TEST', 'two'), { code: 'kdc-circuit-open' })
    await assert.rejects(check('bob@OTHER.TEST', 'one'), { code: 'kdc-unreachable' })
    await assert.rejects(check('carol', 'one'), { code: 'kdc-unreachable' })
    assert.deepEqual(circuits, ['PARTNER.TEST open', 'OTHER.TEST open', 'CORP.TEST open'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
