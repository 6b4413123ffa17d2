/**
 * The directory for a load test: Samba as KDC with a counter before it, and an initiator that shares no code with ours.
 */
import { join } from 'node:path'
import { kinit } from '../../devkit/realm/clients.ts'
import { startInitiator } from '../../devkit/realm/initiator.ts'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'

export interface Realm {
  readonly kdc: SambaKdc
  /**
   * SPNEGO tokens for `HTTP/proxy.corp.test` in base64, of the users in turn; each is good for one request. Asks no
   * KDC.
   */
  freshTokens(count: number): Promise<string[]>
  /** AS and TGS requests that have reached the KDC so far. */
  kdcRequests(): number
  stop(): Promise<void>
}

/** `users`: accounts of devkit/realm/lab-accounts.ts. */
export async function startRealm(directory: string, users: readonly string[]): Promise<Realm> {
  await using undo = new AsyncDisposableStack()
  const kdc = await startSambaKdc({ directory: join(directory, 'realm') })
  undo.defer(() => kdc.close())
  const initiator = await startInitiator(kdc)
  undo.defer(() => initiator.close())
  const caches = await Promise.all(users.map(async user => (await kinit(kdc, user)).ccache))
  const tokenOf = (index: number) =>
    initiator.negotiateToken({ spn: `HTTP@${PROXY_NAME}`, ccache: caches[index % caches.length] ?? '' })
  // The first token of a user fetches the service ticket; all others are made from it.
  for (const index of caches.keys()) await tokenOf(index)
  const kept = undo.move()
  return {
    kdc,
    freshTokens: count => Promise.all(Array.from({ length: count }, (_, index) => tokenOf(index))),
    kdcRequests() {
      const { as, tgs } = kdc.requests()
      return as + tgs
    },
    stop: () => kept.disposeAsync(),
  }
}
