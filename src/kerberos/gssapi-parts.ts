import { createAcceptor } from './acceptor.ts'
import type { DirectoryGround, DirectoryParts } from './directory-parts.ts'
import { createImpersonation } from './impersonation.ts'
import type { KdcGate } from './kdc-gate.ts'
import { isAvailable, loadGssapi } from './library.ts'
import { createLocalLane } from './local-lane.ts'
import { createPasswordVerifier } from './password.ts'
import { createServiceCredential } from './service-credential.ts'

/** The directory by way of libgssapi. Rejects where the library is missing, in words for the operator. */
export async function openGssapiParts(
  ground: DirectoryGround,
  gate: KdcGate,
  opened: DisposableStack,
): Promise<DirectoryParts> {
  const { settings, names: directory, acceptPrincipal, servicePrincipal, now, environment } = ground
  const { krb5ConfigFile, keytabFile, maxPrincipals } = settings
  const gssapi = loadGssapi({ environment, ...(krb5ConfigFile === undefined ? {} : { krb5ConfigFile }) })
  if (!isAvailable(gssapi)) throw new Error(gssapi.message)
  const lane = createLocalLane()
  const accepting = { gssapi, keytabFile, servicePrincipal: acceptPrincipal, directory }
  const acceptor = opened.use(await createAcceptor({ ...accepting, lane }))
  const verifier = opened.use(await createPasswordVerifier({ ...accepting, gate }))
  const service = opened.use(createServiceCredential({ gssapi, gate, principal: servicePrincipal, keytabFile, now }))
  const impersonation = opened.use(createImpersonation({ gssapi, gate, lane, service, directory, maxPrincipals, now }))
  return { acceptor, verifier, impersonation, kdcs: () => [] }
}
