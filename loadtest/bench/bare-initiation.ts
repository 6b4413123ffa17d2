/**
 * What one GSSAPI initiation from a cached ticket costs by itself: no lane, no cache of principals, no HTTP. Arguments:
 * krb5.conf, keytab. Writes one JSON line. A process of its own, so that it can stand where the proxy stands.
 */

import { DEVOPS_SPN, REALM } from '../../devkit/realm/lab-accounts.ts'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { acquireFromKeytab, acquireImpersonated } from '../../src/kerberos/credentials.ts'
import { isAvailable, loadGssapi } from '../../src/kerberos/library.ts'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { system } from '../../src/system.ts'
import { operationCost } from './operation-cost.ts'

/** As many at a time as Torhaus lets run (src/kerberos/local-lane.ts). */
const REPETITION = { count: 6000, concurrency: 4 }

const [krb5ConfigFile = '', keytabFile = ''] = process.argv.slice(2)
const gssapi = loadGssapi({ environment: system.environment, krb5ConfigFile })
if (!isAvailable(gssapi)) throw new Error(gssapi.message)
const own = { principal: `svc-proxy@${REALM}`, keytabFile, cache: 'MEMORY:bare-initiation' }
using service = (await acquireFromKeytab(gssapi, own)).credential
using alice = (await acquireImpersonated(gssapi, service, `alice@${REALM}`)).credential
const initiate = async () => wrapInSpnego((await initiateContext(gssapi, alice, `${DEVOPS_SPN}@${REALM}`)).token)
await initiate()
process.stdout.write(`${JSON.stringify(await operationCost('initiate', REPETITION, initiate))}\n`)
