/** A folder with a configuration and everything it names, all of it right: for one thing to go wrong in. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CertificateAuthority, createAuthority } from '../torhaus/certificate-authority.ts'

const GOOD = `publicUrl: https://devops.example.com
listener:
  tls: { certificateFile: tls.crt, privateKeyFile: tls.key }
upstream:
  url: https://tfs.example.com
  tls: { caFile: ca.pem }
  identity:
    kind: assertion
    assertion: { audience: devops, signingKeyFiles: [assertion.pem] }
oidc:
  issuer: https://op.example.com
  clientId: torhaus
  clientSecretFile: client-secret
secondFactor:
  acceptAcr: [mfa]
session:
  encryptionKeyFiles: [session-key]
  store: { sqlite: { file: data/torhaus.sqlite } }
credentials:
  personalAccessTokens: []
logging:
  auditFile: data/audit.log
`

export interface Place extends Disposable {
  readonly directory: string
  readonly configFile: string
  readonly authority: CertificateAuthority
  /** Name of a file in the folder. */
  file(name: string): string
  /** Secrets are for their owner only. */
  write(name: string, content: string | Uint8Array): void
  read(name: string): Buffer
  /** Changes the configuration. */
  edit(from: string | RegExp, to: string): void
  remove(name: string): void
  /** Root alone can. */
  mountReadOnly(folder: string): void
  /** Everything in it becomes another account's. */
  giveTo(user: number): void
  openssl(...args: string[]): void
}

export function createPlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-mistakes-'))
  const file = (name: string) => join(directory, name)
  const configFile = file('torhaus.yaml')
  const write = (name: string, content: string | Uint8Array) => writeFileSync(file(name), content, { mode: 0o600 })
  mkdirSync(file('data'))
  const authority = createAuthority(directory, 'ca')
  const own = authority.sign('DNS:devops.example.com')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  write('torhaus.yaml', GOOD)
  write('tls.crt', own.certificate + authority.certificate)
  write('tls.key', readFileSync(own.privateKeyFile))
  write('assertion.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }))
  write('session-key', `${randomBytes(32).toString('base64')}\n`)
  write('client-secret', `${randomBytes(24).toString('base64url')}\n`)
  const mounted: string[] = []
  return {
    ...{ directory, configFile, authority, file, write },
    read: name => readFileSync(file(name)),
    edit(from, to) {
      const before = readFileSync(configFile, 'utf8')
      const after = before.replace(from, to)
      if (after === before) throw new Error(`nothing to change: ${from}`)
      writeFileSync(configFile, after)
    },
    remove: name => rmSync(file(name)),
    mountReadOnly(folder) {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', file(folder)])
      mounted.push(file(folder))
    },
    giveTo: user => void execFileSync('chown', ['-R', `${user}:${user}`, directory]),
    openssl: (...args) => void execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' }),
    [Symbol.dispose]() {
      for (const folder of mounted) execFileSync('umount', ['-l', folder])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
