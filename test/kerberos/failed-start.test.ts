/** A start that fails at the directory or after it: the directory is let go of, and the store is closed. */
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { madeKeytab } from '../../devkit/realm/made-keytab.ts'
import { failsAndLeavesNothing, withAuditFile } from '../app/start-lab.ts'

const REALM = 'CORP.TEST'
/** The host of the public URL. */
const keytab = () => madeKeytab({ principal: `HTTP/127.0.0.1@${REALM}` })

const withKerberos = (config: Config, keytabFile: string, acceptPrincipal?: string): Config => ({
  ...config,
  kerberos: {
    ...{
      // Nobody is asked.
      kdcs: ['127.0.0.1:9'],
      replayCacheDirectory: `${keytabFile}-replay`,
      upnSuffixes: [],
      trustedRealms: [],
      recheckSeconds: 300,
      channelBindings: 'accept' as const,
    },
    ...{ realm: REALM, netbiosDomain: 'CORP', keytabFile, servicePrincipal: 'svc-proxy' },
    ...(acceptPrincipal === undefined ? {} : { acceptPrincipal }),
    ...{ kdcTimeoutMs: 5000, kdcFailureThreshold: 3, kdcPauseMs: 5000, maxPrincipals: 10 },
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
})

test('nothing is left open where the directory is open, and a part after it cannot start', async () => {
  await failsAndLeavesNothing(
    (config, { file }) => {
      writeFileSync(file('keytab'), keytab())
      return withAuditFile(withKerberos(config, file('keytab')), file('missing/audit.log'))
    },
    { code: 'ENOENT' },
  )
})
