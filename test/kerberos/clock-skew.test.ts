import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAcceptor } from '../../src/kerberos/acceptor.ts'
import { wrapInSpnego } from '../../src/kerberos/negotiate-token.ts'
import { directory, proxyService, startKerberosLab } from './kerberos-lab.ts'

describe('a token from a client whose clock is off', () => {
  it('is refused as clock skew, bare or wrapped', async () => {
    // Waiting out an allowance of one second stands in for a client that is slow by more than five minutes.
    const lab = await startKerberosLab({ libdefaults: 'clockskew = 1' })
    try {
      const { gssapi, lane, replayCacheFile } = lab
      const keytabFile = lab.kdc.keytabs.proxy
      const options = {
        gssapi,
        lane,
        keytabFile,
        servicePrincipal: proxyService,
        directory,
        replayCacheFile,
      }
      using acceptor = await createAcceptor(options)
      const bare = await lab.token('alice')
      const wrapped = wrapInSpnego(await lab.token('alice'))
      await acceptor.accept(await lab.token('alice'))
      await sleep(3_000)
      await assert.rejects(acceptor.accept(bare), { code: 'clock-skew' })
      await assert.rejects(acceptor.accept(wrapped), { code: 'clock-skew' })
    } finally {
      await lab.close()
    }
  })
})
