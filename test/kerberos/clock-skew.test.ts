import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { type KerberosLab, startKerberosLab } from './kerberos-lab.ts'

describe('a token from a client whose clock is off', () => {
  let lab: KerberosLab
  before(async () => {
    // Waiting out an allowance of a few seconds stands in for a client that is slow by more than five minutes.
    lab = await startKerberosLab({ skewMs: 5_000 })
  })
  after(() => lab.close())

  it('is refused as clock skew, bare or wrapped', async () => {
    using acceptor = lab.parts().acceptor()
    const bare = await lab.token('alice')
    const wrapped = wrapInSpnego(await lab.token('alice'))
    await acceptor.accept(await lab.token('alice'))
    await sleep(7_000)
    await assert.rejects(acceptor.accept(bare), { code: 'clock-skew' })
    await assert.rejects(acceptor.accept(wrapped), { code: 'clock-skew' })
  })
})
