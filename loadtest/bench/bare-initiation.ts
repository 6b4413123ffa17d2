/**
 * What one GSSAPI initiation from a cached ticket costs by itself: libgssapi, no cache of principals, no HTTP. Arguments:
 * krb5.conf, keytab. Writes one JSON line. A process of its own, so that it can stand where the proxy stands.
 */

import { Credential } from '../../devkit/gssapi/initiator.ts'
import { useKrb5Config } from '../../devkit/gssapi/library.ts'
import { DEVOPS_SPN, REALM } from '../../devkit/realm/lab-accounts.ts'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { operationCost } from './operation-cost.ts'

/** As many at a time as threads are not in each other's way. */
const REPETITION = { count: 6000, concurrency: 4 }

const [krb5ConfigFile = '', keytabFile = ''] = process.argv.slice(2)
useKrb5Config(krb5ConfigFile)
using service = await Credential.byKeytab(`svc-proxy@${REALM}`, keytabFile, 'bare-initiation')
const initiate = async () => wrapInSpnego(await service.token(`${DEVOPS_SPN}@${REALM}`))
await initiate()
process.stdout.write(`${JSON.stringify(await operationCost('initiate', REPETITION, initiate))}\n`)
