/** Further names that clients may get tickets for, each with a key of its own in the keytab. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { forgedToken } from '../../../devkit/realm/forged-token.ts'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { attemptMemory } from '../../../devkit/torhaus/attempt-memory.ts'
import { openDirectory } from '../../../src/kerberos/directory.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { system } from '../../../src/system.ts'

const directory = mkdtempSync(join(tmpdir(), 'torhaus-aliases-'))
after(() => rmSync(directory, { recursive: true }))

const [OWN, SHORT, OLD] = ['HTTP/proxy.corp.test', 'HTTP/devops', 'HTTP/tfs.corp.test'].map(name => `${name}@CORP.TEST`)
const OTHERS = ['svc-proxy@CORP.TEST', 'host/proxy.corp.test@CORP.TEST', 'HTTP/devops@OTHER.TEST']
const names = [OWN, SHORT, OLD, ...OTHERS] as string[]
const keytabFile = join(directory, 'keytab')
writeFileSync(keytabFile, madeKeytab(...names.map(principal => ({ principal }))))

const limits = {
  ...{ accept: false, verdictSeconds: 300, maxFailuresPerAccount: 3, reservedFailuresPerAccount: 0 },
  ...{ provenNetworkSeconds: 0, ipv6PrefixBits: 64, maxFailuresPerAddress: 4, failureWindowSeconds: 60 },
}

const open = (acceptAliases?: string[]) =>
  openDirectory(
    {
      ...{ realm: 'CORP.TEST', netbiosDomain: 'CORP', kdcs: ['127.0.0.1:9'], trustedRealms: [], upnSuffixes: [] },
      ...{ keytabFile, servicePrincipal: 'svc-proxy', replayCacheDirectory: join(directory, 'replay') },
      ...{ recheckSeconds: 300, channelBindings: 'accept', maxPrincipals: 100, passwords: limits },
      ...{ kdcTimeoutMs: 5000, kdcFailureThreshold: 3, kdcPauseMs: 5000 },
      ...(acceptAliases === undefined ? {} : { acceptAliases }),
    },
    'proxy.corp.test',
    {
      ...{ ...system, attempts: attemptMemory(), certificate: undefined },
      ...{ question: { sids: new Set<string>(), indicators: new Set<string>() } },
      ...{ onCircuit: () => undefined, onKdc: () => undefined },
    },
  )

/** For which of the names a ticket is taken. */
async function accepted(acceptAliases?: string[]): Promise<string[]> {
  using accepting = open(acceptAliases)
  using keytab = new KeytabFile(keytabFile)
  const taken: string[] = []
  for (const name of names) {
    const ticketKey = keytab.keysOf(name)[0]?.key
    assert(ticketKey)
    const outcome = await accepting.accept(forgedToken({ nowMs: system.now(), ticketKey }), false).then(
      ({ principal }) => principal,
      (error: { readonly code: string }) => error.code,
    )
    if (outcome === 'alice@CORP.TEST') taken.push(name)
    else assert.equal(outcome, 'wrong-service-key')
  }
  return taken
}

test('a ticket is taken for the name of the proxy alone, and for those that are listed', async () => {
  assert.deepEqual(await accepted(), [OWN])
  assert.deepEqual(await accepted(['HTTP/devops']), [OWN, SHORT])
  assert.deepEqual(await accepted(['HTTP/devops@CORP.TEST', 'HTTP/tfs.corp.test']), [OWN, SHORT, OLD])
})

test('or for every HTTP name of the realm in the keytab, and no other name of it', async () => {
  assert.deepEqual(await accepted(['HTTP/*']), [OWN, SHORT, OLD])
})

test('a name that the keytab has no key of keeps it from opening', () => {
  assert.throws(() => open(['HTTP/gone']), { code: 'service-credential-refused' })
})
