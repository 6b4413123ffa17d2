import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAvailable, loadGssapi } from '../../../src/kerberos/library.ts'

describe('loading libgssapi', () => {
  it('answers with the library or with the package to install, and has taken the default credential away', () => {
    const environment: NodeJS.ProcessEnv = { KRB5CCNAME: 'FILE:/tmp/somebody', KRB5_CONFIG: '/etc/own.conf' }
    const result = loadGssapi({ environment })
    assert.equal(environment.KRB5CCNAME, 'MEMORY:none')
    assert.equal(environment.KRB5_CLIENT_KTNAME, '/nonexistent')
    assert.match(environment.KRB5_CONFIG ?? '', /krb5-overlay\.conf:\/etc\/own\.conf$/)
    if (isAvailable(result)) assert.equal(loadGssapi({ environment }), result)
    else assert.match(result.message, /libgssapi-krb5-2 \(Debian, Ubuntu\) or krb5-libs \(RHEL/)
  })
})
