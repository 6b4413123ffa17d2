/** Who has signed a list of revoked certificates. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isSignedBy } from '../../config/revocation-signature.ts'
import { tryCommand } from '../../devkit/realm/run-command.ts'
import { createClientAuthorities } from '../certificates/client-authority.ts'

const derOf = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ''), 'base64')

test('a list is that of the key that has signed it, and of no other; of keys of another kind nothing is said', async () => {
  using authorities = createClientAuthorities()
  const { root, stranger } = authorities
  const list = derOf(root.revocationList())
  assert.equal(isSignedBy(list, new X509Certificate(root.certificate)), true)
  assert.equal(isSignedBy(list, new X509Certificate(stranger.certificate)), false)
  const changed = Buffer.from(list)
  changed[30] = (changed[30] ?? 0) ^ 1
  assert.notEqual(isSignedBy(changed, new X509Certificate(root.certificate)), true)
  for (const kind of ['rsa:2048', 'ed25519']) {
    const [out, keyout] = [authorities.file('other.pem'), authorities.file('other.key')]
    const made = ['req', '-x509', '-newkey', kind, '-nodes', '-subj', '/CN=root', '-out', out, '-keyout', keyout]
    await tryCommand('openssl', made)
    const other = new X509Certificate(readFileSync(out))
    assert.equal(isSignedBy(list, other), kind === 'ed25519' ? undefined : false, kind)
  }
  assert.equal(isSignedBy(Buffer.from('no list'), new X509Certificate(root.certificate)), undefined)
})
