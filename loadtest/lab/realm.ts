/**
 * The directory for a load test: Samba as KDC with a counter before it, and an initiator that shares no code with ours.
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { kinit } from '../../devkit/realm/clients.ts'
import { forgeCrowdTickets } from '../../devkit/realm/crowd-tickets.ts'
import { startInitiator } from '../../devkit/realm/initiator.ts'
import { crowdNames, PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'

export interface Realm {
  readonly kdc: SambaKdc
  /** Accounts of the directory that services can act for. */
  readonly crowd: readonly string[]
  /**
   * SPNEGO tokens for `HTTP/proxy.corp.test` in base64, each good for one request. Asks no KDC. `holders`: each is of one
   * of so many people at random; 1: of the first user, whose ticket is the KDC's.
   */
  freshTokens(count: number, holders: number): Promise<string[]>
  /** AS and TGS requests that have reached the KDC so far. */
  kdcRequests(): number
  stop(): Promise<void>
}

/** `user`: an account of devkit/realm/lab-accounts.ts. `crowd`: so many further accounts. */
export async function startRealm(directory: string, user: string, crowd = 0): Promise<Realm> {
  await using undo = new AsyncDisposableStack()
  const kdc = await startSambaKdc({ directory: join(directory, 'realm'), crowd })
  undo.defer(() => kdc.close())
  const initiator = await startInitiator(kdc)
  undo.defer(() => initiator.close())
  const { ccache } = await kinit(kdc, user)
  const tokenOf = (of: string) => initiator.negotiateToken({ spn: `HTTP@${PROXY_NAME}`, ccache: of })
  // The first token of the user fetches the service ticket; all others are made from it.
  const sample = Buffer.from(await tokenOf(ccache), 'base64')
  const crowds = new Map([[1, [ccache]]])
  const cachesOf = (holders: number): readonly string[] => {
    let caches = crowds.get(holders)
    if (caches === undefined) {
      const place = { directory: join(directory, `tickets-${holders}`), keytabFile: kdc.keytabs.proxy }
      caches = forgeCrowdTickets({ ...place, names: crowdNames(holders), sample })
      crowds.set(holders, caches)
    }
    return caches
  }
  const kept = undo.move()
  return {
    kdc,
    crowd: crowdNames(crowd),
    freshTokens(count, holders) {
      const caches = cachesOf(holders)
      return Promise.all(Array.from({ length: count }, () => tokenOf(caches[randomInt(caches.length)] ?? '')))
    },
    kdcRequests() {
      const { as, tgs } = kdc.requests()
      return as + tgs
    },
    stop: () => kept.disposeAsync(),
  }
}
