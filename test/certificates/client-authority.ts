/** Authorities of clients: a root, an intermediate, what they sign, and their lists of what is revoked; by `openssl ca`. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ClientIdentity {
  readonly certificateFile: string
  readonly privateKeyFile: string
  /** In PEM: certificate and whatever chain it is sent with. */
  readonly cert: string
  readonly key: string
}

export interface SignOptions {
  /** Extensions in the words of x509v3_config(5). */
  readonly extensions?: string
  /** YYYYMMDDHHMMSSZ. */
  readonly from?: string
  readonly to?: string
  /** Sent along. */
  readonly chain?: readonly ClientAuthority[]
}

export interface ClientAuthority {
  readonly certificateFile: string
  readonly certificate: string
  /** Another authority, signed by this one. */
  authority(name: string): ClientAuthority
  sign(name: string, options?: SignOptions): ClientIdentity
  revoke(identity: ClientIdentity | ClientAuthority): void
  /** The list of what it has revoked so far, in PEM. */
  revocationList(nextUpdateSeconds?: number): string
}

export const upnAndMail = (upn: string, mail: string) =>
  `extendedKeyUsage=clientAuth\nsubjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:${upn},email:${mail}`
export const FOR_CLIENTS = upnAndMail('ada@corp.example', 'ada.lovelace@mail.example')

const AUTHORITY = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign'
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const CONFIG = `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
policy = any
default_md = sha256
rand_serial = yes
default_days = 30
unique_subject = no
[any]
commonName = supplied
`

export interface ClientAuthorities extends Disposable {
  readonly directory: string
  readonly root: ClientAuthority
  readonly intermediate: ClientAuthority
  /** Nobody trusts it. */
  readonly stranger: ClientAuthority
  file(name: string): string
  write(name: string, ...texts: readonly string[]): string
}

export function createClientAuthorities(): ClientAuthorities {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-clients-'))
  const file = (name: string) => join(directory, name)
  const root = createAuthority(directory, 'root')
  return {
    ...{ directory, root, file },
    intermediate: root.authority('intermediate'),
    stranger: createAuthority(directory, 'stranger'),
    write(name, ...texts) {
      writeFileSync(file(name), texts.join(''))
      return file(name)
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function createAuthority(parent: string, name: string, signer?: ClientAuthority): ClientAuthority {
  const folder = join(parent, name)
  mkdirSync(folder)
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const path = (file: string) => join(folder, file)
  writeFileSync(path('index.txt'), '')
  writeFileSync(path('ca.cnf'), CONFIG)
  const ca = ['ca', '-batch', '-config', 'ca.cnf', '-cert', 'own.pem', '-keyfile', 'own.key']
  if (signer === undefined) {
    const extensions = AUTHORITY.split('\n').flatMap(line => ['-addext', line])
    openssl(
      'req',
      '-x509',
      ...CURVE,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      ...extensions,
      '-keyout',
      'own.key',
      '-out',
      'own.pem',
    )
  } else {
    const { cert, key } = signer.sign(name, { extensions: AUTHORITY })
    writeFileSync(path('own.pem'), cert)
    writeFileSync(path('own.key'), key)
  }
  let count = 0
  const authority: ClientAuthority = {
    certificateFile: path('own.pem'),
    certificate: readFileSync(path('own.pem'), 'utf8'),
    authority: other => createAuthority(folder, other, authority),
    sign(subject, { extensions = FOR_CLIENTS, from, to, chain = [] } = {}) {
      const stem = `leaf-${++count}`
      writeFileSync(path(`${stem}.ext`), extensions)
      openssl('req', '-new', ...CURVE, '-subj', `/CN=${subject}`, '-keyout', `${stem}.key`, '-out', `${stem}.csr`)
      const dates = [...(from === undefined ? [] : ['-startdate', from]), ...(to === undefined ? [] : ['-enddate', to])]
      openssl(...ca, ...dates, '-in', `${stem}.csr`, '-extfile', `${stem}.ext`, '-notext', '-out', `${stem}.pem`)
      const cert = readFileSync(path(`${stem}.pem`), 'utf8') + chain.map(({ certificate }) => certificate).join('')
      writeFileSync(path(`${stem}.chain.pem`), cert)
      return {
        ...{ certificateFile: path(`${stem}.chain.pem`), privateKeyFile: path(`${stem}.key`), cert },
        key: readFileSync(path(`${stem}.key`), 'utf8'),
      }
    },
    revoke: ({ certificateFile }) => void openssl(...ca, '-revoke', certificateFile),
    revocationList(nextUpdateSeconds = 86_400) {
      openssl(...ca, '-gencrl', '-crlsec', String(nextUpdateSeconds), '-out', 'list.pem')
      return readFileSync(path('list.pem'), 'utf8')
    },
  }
  return authority
}
