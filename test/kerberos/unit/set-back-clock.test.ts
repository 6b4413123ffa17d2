/** A clock that is set back: what lasts for a while lasts no longer for it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { attemptMemory } from '../../../devkit/torhaus/attempt-memory.ts'
import { openDirectory } from '../../../src/kerberos/directory.ts'

const PAUSE_MS = 5_000

test('the circuit is open for its pause, whatever the clock says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'torhaus-set-back-'))
  const keytabFile = join(folder, 'keytab')
  writeFileSync(
    keytabFile,
    madeKeytab({ principal: 'HTTP/proxy.corp.test@CORP.TEST' }, { principal: 'svc-proxy@CORP.TEST' }),
  )
  let nowMs = Date.now()
  let monotonicMs = 0
  const passwords = {
    ...{ accept: false, verdictSeconds: 300, reservedFailuresPerAccount: 1, provenNetworkSeconds: 0 },
    ...{ ipv6PrefixBits: 64, maxFailuresPerAccount: 3, maxFailuresPerAddress: 20, failureWindowSeconds: 1800 },
  }
  try {
    using directory = openDirectory(
      {
        // Nobody listens there.
        ...{ realm: 'CORP.TEST', kdcs: ['127.0.0.1:9'], keytabFile, servicePrincipal: 'svc-proxy', passwords },
        ...{ replayCacheDirectory: join(folder, 'replay'), upnSuffixes: [], trustedRealms: [], recheckSeconds: 300 },
        ...{ channelBindings: 'accept' as const, kdcTimeoutMs: 5_000, kdcFailureThreshold: 1, kdcPauseMs: PAUSE_MS },
        maxPrincipals: 10,
      },
      'proxy.corp.test',
      {
        ...{ now: () => nowMs, monotonic: () => monotonicMs, environment: {}, attempts: attemptMemory() },
        ...{ onCircuit: () => undefined, onKdc: () => undefined, certificate: undefined },
        question: { sids: new Set<string>(), indicators: new Set<string>() },
      },
    )
    const initiate = async () => directory.initiate(directory.principalOf('alice'), 'HTTP/devops.corp.test')
    await assert.rejects(initiate(), { code: 'kdc-unreachable' })
    await assert.rejects(initiate(), { code: 'kdc-circuit-open' })
    nowMs -= 2 * 3_600_000
    monotonicMs += PAUSE_MS
    await assert.rejects(initiate(), { code: 'kdc-unreachable' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
