/** What a real KDC says where a question or its answer was lost, and it is asked once more: no replay, and the same ticket. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { heimdalPrograms } from '../../devkit/realm/heimdal-programs.ts'
import { type KdcRelay, startKdcRelay } from '../../devkit/realm/kdc-relay.ts'
import { startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import type { HeldTicket } from '../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { system } from '../../src/system.ts'
import { startHeimdalKdc } from './heimdal-kdc.ts'
import { startMitKdc } from './mit-kdc.ts'

const REALM = 'CORP.TEST'
const services = ['svc-proxy', 'HTTP/proxy.corp.test']
const users = { alice: 'Alice-Passw0rd' }
const programs = await heimdalPrograms()

/** `address:port`, and the keys of `svc-proxy`. */
type Started = { readonly kdc: string; readonly keytab: string; close(): Promise<void> }
const kdcs: Readonly<Record<string, () => Promise<Started>>> = {
  Samba: async () => {
    const samba = await startSambaKdc()
    return { kdc: samba.kdc, keytab: samba.keytabs.proxy, close: samba.close }
  },
  MIT: () => startMitKdc({ realm: REALM, services, users }),
  ...('missing' in programs ? {} : { Heimdal: () => startHeimdalKdc({ programs: programs.folder, services, users }) }),
}

for (const [name, start] of Object.entries(kdcs)) {
  describe(`a question to the KDC of ${name}`, () => {
    let started: Started
    let relay: KdcRelay
    let keytab: KeytabFile
    let client: KdcClient
    let tgt: HeldTicket

    before(async () => {
      started = await start()
      const at = parseKdc(started.kdc) ?? assert.fail('no address')
      relay = await startKdcRelay({ address: at.host, kdcAddress: at.host, kdcPort: at.port })
      const locator = configuredKdcs([{ host: relay.address, port: relay.port }])
      const pool = createKdcPool({ locator, timeoutMs: 5_000, nextAfterMs: 200, monotonic: system.monotonic })
      client = createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: system.now })
      keytab = new KeytabFile(started.keytab)
      tgt = await signIn()
    })
    after(async () => {
      keytab?.[Symbol.dispose]()
      await relay?.close()
      await started?.close()
    })

    const signIn = () => {
      const [entry] = keytab.keysOf(`svc-proxy@${REALM}`)
      return client.signIn(
        nameOf('svc-proxy', NAME_TYPE.principal),
        async () => entry?.key.copy() ?? assert.fail('key'),
      )
    }
    const asked = () => relay.requests().as + relay.requests().tgs

    for (const [what, mode] of [
      ['that is lost', 'lose-question'],
      ['whose answer is lost', 'lose-answer'],
    ] as const) {
      it(`${what} is answered the second time`, async () => {
        for (const ask of [
          signIn,
          () => client.serviceTicket(tgt, nameOf('HTTP/proxy.corp.test', NAME_TYPE.serviceInstance)),
          () => client.s4u2self(tgt, nameOf('alice', NAME_TYPE.principal)),
        ]) {
          const before = asked()
          relay.mode = mode
          assert.equal((await ask()).clientRealm, REALM)
          assert(asked() >= before + 2, `${asked() - before}`)
        }
      })
    }
  })
}
