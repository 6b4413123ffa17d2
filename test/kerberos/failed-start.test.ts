/** A start that fails at the directory or after it: what GSSAPI has given is released, and the store is closed. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { before, test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { madeKeytab } from '../../devkit/realm/made-keytab.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { openHandles } from '../../src/kerberos/handle.ts'
import { failsAndLeavesNothing, withAuditFile } from '../app/start-lab.ts'

const REALM = 'CORP.TEST'
/** The host of the public URL. */
const keytab = () => madeKeytab({ principal: `HTTP/127.0.0.1@${REALM}` })

before(() => ensureDebianPackages(['libgssapi-krb5-2']))

const withKerberos = (config: Config, keytabFile: string, acceptPrincipal?: string): Config => ({
  ...config,
  kerberos: {
    ...{
      implementation: 'gssapi' as const,
      kdcs: [],
      upnSuffixes: [],
      trustedRealms: [],
      recheckSeconds: 300,
      channelBindings: 'accept' as const,
    },
    ...{ realm: REALM, netbiosDomain: 'CORP', keytabFile, servicePrincipal: 'svc-proxy' },
    ...(acceptPrincipal === undefined ? {} : { acceptPrincipal }),
    ...{ maxKdcCalls: 2, kdcTimeoutMs: 5000, kdcFailureThreshold: 3, kdcPauseMs: 5000, maxPrincipals: 10 },
    passwords: {
      ...{ accept: false, verdictSeconds: 300, failureWindowSeconds: 1800 },
      ...{ maxFailuresPerAccount: 3, maxFailuresPerAddress: 20, reservedFailuresPerAccount: 1 },
      ...{ provenNetworkSeconds: 604_800, ipv6PrefixBits: 64 },
    },
  },
})

test('nothing is left open where the keytab has no key of the service', async () => {
  await failsAndLeavesNothing(
    (config, { file }) => {
      writeFileSync(file('keytab'), keytab())
      return withKerberos(config, file('keytab'), 'HTTP/other.corp.test')
    },
    { code: 'service-credential-refused' },
  )
  assert.deepEqual(openHandles(), { name: 0, credential: 0, context: 0 })
})

test('nothing is left open where the directory is open, and a part after it cannot start', async () => {
  await failsAndLeavesNothing(
    (config, { file }) => {
      writeFileSync(file('keytab'), keytab())
      return withAuditFile(withKerberos(config, file('keytab')), file('missing/audit.log'))
    },
    { code: 'ENOENT' },
  )
  assert.deepEqual(openHandles(), { name: 0, credential: 0, context: 0 })
})
