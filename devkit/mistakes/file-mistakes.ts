/** What goes wrong with the files that a configuration names. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import { madeKeytab } from '../realm/made-keytab.ts'
import { appearanceMistakes } from './appearance-mistakes.ts'
import type { Mistake } from './mistake.ts'
import type { Place } from './place.ts'

const KERBEROS_WITH_REPLAY =
  'kerberos: { realm: CORP.EXAMPLE, servicePrincipal: svc-torhaus, keytabFile: torhaus.keytab, replayCacheDirectory: replay }\n'
/** arcfour-hmac (RFC 4757). */
const RC4 = 23
const KEY = 'must contain 32 random bytes in base64, as `openssl rand -base64 32` prints them'
const SECRET = 'must contain only the secret, on one line'
const atSessionKey = '/etc/torhaus/torhaus.yaml:17: session.encryptionKeyFiles[0]: /etc/torhaus/session-key'
const atSecret = '/etc/torhaus/torhaus.yaml:13: oidc.clientSecretFile: /etc/torhaus/client-secret'
const atCertificate = '/etc/torhaus/torhaus.yaml:3: listener.tls.certificateFile: /etc/torhaus/tls.crt'
const atTlsKey = '/etc/torhaus/torhaus.yaml:3: listener.tls.privateKeyFile: /etc/torhaus/tls.key'
const atAssertion = '/etc/torhaus/torhaus.yaml:9: upstream.identity.assertion.signingKeyFiles[0]: /etc/torhaus'
const atStore = '/etc/torhaus/torhaus.yaml:18: session.store.sqlite.file: '
const atAudit = '/etc/torhaus/torhaus.yaml:22: logging.auditFile: '
const warned = 'warning: listener.tls.certificateFile: /etc/torhaus/tls.crt'

/** Another certificate for the listener, with its key. */
function serve({ authority, write, read }: Place, subjectAltName: string, days?: number): void {
  const { certificate, privateKeyFile } = authority.sign(subjectAltName, days)
  write('tls.crt', certificate)
  write('tls.key', read(privateKeyFile.split('/').at(-1) ?? ''))
}

function weakCertificate({ openssl }: Place): void {
  const key = ['-newkey', 'rsa:1024', '-noenc', '-keyout', 'tls.key']
  openssl('req', '-x509', ...key, '-days', '90', '-subj', '/CN=devops.example.com', '-out', 'tls.crt')
}

/** The one of the listener leads to the authority by way of it. */
function expiredIntermediate({ authority, write, read, openssl }: Place): void {
  const { certificate, privateKeyFile } = authority.sign('DNS:issuing', -1)
  write('issuing.pem', certificate)
  write('own.ext', 'subjectAltName=DNS:devops.example.com\n')
  openssl('req', '-new', '-key', 'tls.key', '-subj', '/CN=devops', '-out', 'own.csr')
  const signer = ['-CA', 'issuing.pem', '-CAkey', privateKeyFile, '-CAcreateserial']
  openssl('x509', '-req', '-in', 'own.csr', ...signer, '-days', '30', '-extfile', 'own.ext', '-out', 'own.pem')
  write('tls.crt', `${read('own.pem')}${certificate}`)
}

/** The pair of the listener as an archive, `tls.pfx`, and its password, `tls.pass`. */
function archive({ write, openssl }: Place, ...options: readonly string[]): void {
  write('tls.pass', 'hush\n')
  const input = options.includes('-nokeys') ? [] : ['-inkey', 'tls.key']
  openssl('pkcs12', '-export', ...options, '-in', 'tls.crt', ...input, '-passout', 'file:tls.pass', '-out', 'tls.pfx')
}

const certificateMistakes: readonly Mistake[] = [
  {
    what: 'a certificate and a key that do not belong together',
    make: place => place.write('tls.key', place.read('assertion.pem')),
    says: [
      `${atTlsKey} does not belong to the certificate, the first in /etc/torhaus/tls.crt: use the key that the certificate was requested with`,
    ],
  },
  {
    what: 'a chain that begins with the certificate of the authority',
    make: place => place.write('tls.crt', place.authority.certificate + place.read('tls.crt')),
    says: [
      `${atTlsKey} does not belong to the certificate: that one is further down in /etc/torhaus/tls.crt, but must come first`,
    ],
  },
  {
    what: 'a certificate with a key of 1024 bits',
    make: weakCertificate,
    says: [
      `${atCertificate} is refused by OpenSSL (ee key too small): get a new one with an ECDSA key on P-256 or an RSA key of 2048 bits, signed with SHA-256`,
    ],
  },
  {
    what: 'an archive with a key of 1024 bits',
    make(place) {
      weakCertificate(place)
      archive(place)
      place.edit(
        'certificateFile: tls.crt, privateKeyFile: tls.key',
        'pkcs12File: tls.pfx, pkcs12PasswordFile: tls.pass',
      )
    },
    says: [
      '/etc/torhaus/torhaus.yaml:3: listener.tls.pkcs12File: /etc/torhaus/tls.pfx contains a certificate that OpenSSL refuses as too weak: get a new one with an ECDSA key on P-256 or an RSA key of 2048 bits, signed with SHA-256',
    ],
  },
  {
    what: 'a chain in the wrong order behind the certificate',
    make({ authority, write, read }) {
      const other = authority.sign('DNS:other.example.com')
      write('tls.crt', `${read('tls.crt')}${other.certificate}`)
    },
    says: [
      `${warned} has a chain that some clients cannot follow: certificate 3 of the file did not sign certificate 2; the order must be own, intermediate, root`,
    ],
    isWarning: true,
  },
  {
    what: 'a certificate for a key that Chrome and Edge do not accept',
    make(place) {
      const names = ['-subj', '/CN=devops', '-addext', 'subjectAltName=DNS:devops.example.com']
      const files = ['-keyout', 'tls.key', '-out', 'tls.crt']
      place.openssl('req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '30', ...names, ...files)
    },
    says: [
      `${warned} has a key that Chrome and Edge do not accept (ed25519): get one for an ECDSA key on P-256 or an RSA key of 2048 bits, unless a balancer in front presents another certificate`,
    ],
    isWarning: true,
  },
  {
    what: 'an expired intermediate behind the certificate',
    make: expiredIntermediate,
    says: [`${warned} has a chain whose certificate 2 expired on ...`],
    isWarning: true,
  },
  {
    what: 'an expired certificate',
    make: place => serve(place, 'DNS:devops.example.com', -1),
    says: [`${warned} expired on ...`],
    isWarning: true,
  },
  {
    what: 'a certificate that expires within days',
    make: place => serve(place, 'DNS:devops.example.com', 3),
    says: [`${warned} expires on ...`],
    isWarning: true,
  },
  {
    what: 'a certificate for another host',
    make: place => serve(place, 'DNS:tfs.example.com'),
    says: [
      `${warned} is for DNS:tfs.example.com, but publicUrl has devops.example.com: browsers refuse it, unless a balancer in front presents another certificate`,
    ],
    isWarning: true,
  },
  {
    what: 'a certificate in DER',
    make: place => place.openssl('x509', '-in', 'tls.crt', '-outform', 'DER', '-out', 'tls.crt'),
    says: [
      `${atCertificate} contains a certificate in DER, but must contain a certificate in PEM: convert it to PEM: \`openssl x509 -inform DER -in OLD -out NEW\``,
    ],
  },
  {
    what: 'a key in DER',
    make: place => place.openssl('pkey', '-in', 'ca-1.key', '-outform', 'DER', '-out', 'tls.key'),
    says: [
      `${atTlsKey} contains a private key in DER, but must contain a private key in PEM: convert it to PEM: \`openssl pkey -inform DER -in OLD -out NEW\``,
    ],
  },
  {
    what: 'an encrypted key',
    make: place => place.openssl('pkey', '-in', 'ca-1.key', '-aes256', '-passout', 'pass:hush', '-out', 'tls.key'),
    says: [
      `${atTlsKey} contains an encrypted private key, but must contain a private key in PEM: remove the password, and protect the file by its mode: \`openssl pkey -in OLD -out NEW\``,
    ],
  },
  {
    what: 'a PKCS#12 archive (`.pfx`)',
    make(place) {
      place.openssl(
        ...['pkcs12', '-export', '-in', 'tls.crt', '-inkey', 'tls.key', '-passout', 'pass:hush', '-out', 'tls.pfx'],
      )
      place.write('tls.crt', place.read('tls.pfx'))
    },
    says: [
      `${atCertificate} is a PKCS#12 archive (.pfx, .p12), but must contain a certificate in PEM: use the option pkcs12File if there is one, or split the archive: \`openssl pkcs12 -in OLD -nokeys -out CERTIFICATE\` and \`openssl pkcs12 -in OLD -nocerts -noenc -out KEY\``,
    ],
  },
  {
    what: 'the certificate request instead of the certificate',
    make: place => place.openssl('req', '-new', '-key', 'tls.key', '-subj', '/CN=devops', '-out', 'tls.crt'),
    says: [
      `${atCertificate} contains a certificate request, but must contain a certificate in PEM: send it to your authority, and use the certificate that it issues`,
    ],
  },
  {
    what: 'a certificate configured in two ways',
    make(place) {
      archive(place)
      place.edit(
        'privateKeyFile: tls.key',
        'privateKeyFile: tls.key, pkcs12File: tls.pfx, pkcs12PasswordFile: tls.pass',
      )
    },
    says: [
      '/etc/torhaus/torhaus.yaml:3: listener.tls.certificateFile: cannot be combined with pkcs12File: use only one of the two',
    ],
  },
  {
    what: 'a listener with TLS and without a certificate',
    make: place => place.edit('certificateFile: tls.crt, privateKeyFile: tls.key', 'profile: modern'),
    says: [
      '/etc/torhaus/torhaus.yaml:3: listener.tls: needs certificateFile and privateKeyFile, or pkcs12File and pkcs12PasswordFile',
    ],
  },
  {
    what: 'a PKCS#12 archive with a different password',
    make(place) {
      archive(place)
      place.write('tls.pass', 'secret\n')
      place.edit(
        'certificateFile: tls.crt, privateKeyFile: tls.key',
        'pkcs12File: tls.pfx, pkcs12PasswordFile: tls.pass',
      )
    },
    says: [
      '/etc/torhaus/torhaus.yaml:3: listener.tls.pkcs12PasswordFile: the password in /etc/torhaus/tls.pass does not open /etc/torhaus/tls.pfx, or the archive is damaged: try it with `openssl pkcs12 -in /etc/torhaus/tls.pfx -passin file:/etc/torhaus/tls.pass -noout`',
    ],
  },
  {
    what: 'a PKCS#12 archive encrypted with RC2, as old programs write it',
    make(place) {
      archive(place, '-legacy')
      place.edit(
        'certificateFile: tls.crt, privateKeyFile: tls.key',
        'pkcs12File: tls.pfx, pkcs12PasswordFile: tls.pass',
      )
    },
    says: [
      '/etc/torhaus/torhaus.yaml:3: listener.tls.pkcs12File: /etc/torhaus/tls.pfx has an encryption or format that is not supported: convert it with `openssl pkcs12 -in /etc/torhaus/tls.pfx -passin file:/etc/torhaus/tls.pass -legacy -noenc -out ALL.pem` and `openssl pkcs12 -export -in ALL.pem -out NEW`',
    ],
  },
  {
    what: 'a PKCS#12 archive without the key',
    make(place) {
      archive(place, '-nokeys')
      place.edit(
        'certificateFile: tls.crt, privateKeyFile: tls.key',
        'pkcs12File: tls.pfx, pkcs12PasswordFile: tls.pass',
      )
    },
    says: [
      '/etc/torhaus/torhaus.yaml:3: listener.tls.pkcs12File: /etc/torhaus/tls.pfx must contain a private key and its certificate: export both',
    ],
  },
  {
    what: 'a client certificate for the origin server without its key',
    make: place => place.edit('caFile: ca.pem', 'caFile: ca.pem, certificateFile: tls.crt'),
    says: ['/etc/torhaus/torhaus.yaml:6: upstream.tls: needs both certificateFile and privateKeyFile, or neither'],
  },
  {
    what: 'a client certificate for an origin server reached over plain HTTP',
    make(place) {
      place.edit('url: https://tfs', 'url: http://tfs')
      place.edit('caFile: ca.pem', 'certificateFile: tls.crt, privateKeyFile: tls.key')
    },
    says: ['/etc/torhaus/torhaus.yaml:6: upstream.tls.certificateFile: requires an https upstream.url'],
  },
  {
    what: 'a CA file without a certificate',
    make: place => place.write('ca.pem', place.read('ca.key')),
    says: [
      '/etc/torhaus/torhaus.yaml:6: upstream.tls.caFile: /etc/torhaus/ca.pem contains a private key, but must contain a certificate in PEM',
    ],
  },
  {
    what: 'the authority of the OP in DER',
    make(place) {
      place.openssl('x509', '-in', 'ca.pem', '-outform', 'DER', '-out', 'op-ca.cer')
      place.edit('  clientId', '  caFile: op-ca.cer\n  clientId')
    },
    says: [
      '/etc/torhaus/torhaus.yaml:12: oidc.caFile: /etc/torhaus/op-ca.cer contains a certificate in DER, but must contain a certificate in PEM: convert it to PEM: `openssl x509 -inform DER -in OLD -out NEW`',
    ],
  },
  {
    what: 'a CA file whose authority has expired',
    make: place => place.write('ca.pem', place.authority.sign('DNS:ca', -1).certificate),
    says: [
      'warning: upstream.tls.caFile: /etc/torhaus/ca.pem contains only expired authorities: nothing will be trusted',
    ],
    isWarning: true,
  },
]

const clients = (more: string) => `privateKeyFile: tls.key, clientCertificates: { caFile: ca.pem${more} }`
const atClients = '/etc/torhaus/torhaus.yaml:3: listener.tls.clientCertificates'

const clientCertificateMistakes: readonly Mistake[] = [
  {
    what: 'client certificates as a first factor that do not name an account',
    make: place => place.edit('privateKeyFile: tls.key', clients(', firstFactor: true')),
    says: [`${atClients}.firstFactor: needs accountFrom: without it, a certificate does not identify an account`],
  },
  {
    what: 'a certificate instead of a revocation list',
    make: place => place.edit('privateKeyFile: tls.key', clients(', crlFile: ca.pem')),
    says: [
      `${atClients}.crlFile: /etc/torhaus/ca.pem contains a certificate, but must contain a certificate revocation list in PEM`,
    ],
  },
  {
    what: 'a revocation list in DER, as ADCS publishes it',
    make(place) {
      revocationList(place, '-crlhours', '1')
      place.openssl('crl', '-in', 'clients.crl', '-outform', 'DER', '-out', 'clients.crl')
      place.edit('privateKeyFile: tls.key', clients(', crlFile: clients.crl'))
    },
    says: [
      `${atClients}.crlFile: /etc/torhaus/clients.crl contains bytes that are not text, but must contain a certificate revocation list in PEM: convert it to PEM with \`openssl crl -inform DER -in OLD -out NEW\``,
    ],
  },
  {
    what: 'a delta CRL of ADCS instead of the complete revocation list',
    make(place) {
      revocationList(place, '-crlhours', '1', '-crlexts', 'delta')
      place.edit('privateKeyFile: tls.key', clients(', crlFile: clients.crl'))
    },
    says: [
      `${atClients}.crlFile: /etc/torhaus/clients.crl contains a delta CRL (ADCS calls it CA+.crl), which is ignored: use the complete CRL`,
    ],
  },
  {
    what: 'a delta CRL of ADCS in addition to the complete revocation list',
    make(place) {
      revocationList(place, '-crlhours', '1')
      const whole = place.read('clients.crl')
      revocationList(place, '-crlhours', '1', '-crlexts', 'delta')
      place.write('clients.crl', `${whole}${place.read('clients.crl')}`)
      place.edit('privateKeyFile: tls.key', clients(', crlFile: clients.crl'))
    },
    says: [
      'warning: listener.tls.clientCertificates.crlFile: /etc/torhaus/clients.crl contains a delta CRL (ADCS calls it CA+.crl), which is ignored: what it revokes is accepted until the next complete CRL; have the authority publish those often enough',
    ],
    isWarning: true,
  },
  {
    what: 'a revocation list for some reasons only, instead of the complete one',
    make(place) {
      revocationList(place, '-crlhours', '1', '-crlexts', 'reasons')
      place.edit('privateKeyFile: tls.key', clients(', crlFile: clients.crl'))
    },
    says: [
      `${atClients}.crlFile: /etc/torhaus/clients.crl contains a CRL that covers only some reasons, attribute certificates or other authorities (issuing distribution point), which is ignored: use the complete CRL`,
    ],
  },
  {
    what: 'a revocation list with an unknown critical extension',
    make(place) {
      revocationList(place, '-crlhours', '1', '-crlexts', 'unknown')
      place.edit('privateKeyFile: tls.key', clients(', crlFile: clients.crl'))
    },
    says: [
      `${atClients}.crlFile: /etc/torhaus/clients.crl contains a CRL with a critical extension that OpenSSL does not know, which makes it refuse every certificate of that authority: have the authority publish one without it`,
    ],
  },
  {
    what: 'a revocation list that is out of date',
    make(place) {
      revocationList(place, '-crl_lastupdate', '20240101000000Z', '-crl_nextupdate', '20240102000000Z')
      place.edit('privateKeyFile: tls.key', clients(', crlFile: clients.crl'))
    },
    says: [
      'warning: listener.tls.clientCertificates.crlFile: /etc/torhaus/clients.crl has a list of CN=ca whose next update is overdue: its certificates are refused until there is one',
    ],
    isWarning: true,
  },
  {
    what: 'a revocation list signed with the key that the authority had before its renewal',
    make(place) {
      const now = ['ca.pem', 'ca.key'].map(name => [name, place.read(name)] as const)
      const self = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=ca']
      place.openssl('req', ...self, '-keyout', 'ca.key', '-out', 'ca.pem')
      revocationList(place, '-crlhours', '1')
      for (const [name, content] of now) place.write(name, content)
      place.edit('privateKeyFile: tls.key', clients(', crlFile: clients.crl'))
    },
    says: [
      'warning: listener.tls.clientCertificates.crlFile: /etc/torhaus/clients.crl has a list of CN=ca that was signed with another key: certificates signed with the key in caFile are refused until there is a CRL signed with that key; an authority whose key was renewed has one CRL for each key',
    ],
    isWarning: true,
  },
  {
    what: 'an intermediate among the client authorities, without its root',
    make(place) {
      place.write('clients.pem', place.authority.sign('DNS:intermediate').certificate)
      place.edit('privateKeyFile: tls.key', clients('').replace('ca.pem', 'clients.pem'))
    },
    says: [
      'warning: listener.tls.clientCertificates.caFile: /etc/torhaus/clients.pem contains the intermediate CN=ca-2, but not CN=ca, which signed it: certificates issued by it are refused; add that root',
    ],
    isWarning: true,
  },
]

/** Of the authority, as `clients.crl`. */
function revocationList({ write, openssl }: Place, ...dates: readonly string[]): void {
  const extensions =
    '[delta]\n2.5.29.27 = critical,DER:020101\n[unknown]\n1.3.6.1.4.1.99999.1 = critical,DER:0500\n[reasons]\nissuingDistributionPoint = critical,@some\n[some]\nonlysomereasons = keyCompromise\n'
  write('crl.cnf', `[ca]\ndefault_ca = own\n[own]\ndatabase = crl.txt\ndefault_md = sha256\n${extensions}`)
  write('crl.txt', '')
  openssl(
    ...[
      'ca',
      '-config',
      'crl.cnf',
      '-gencrl',
      '-cert',
      'ca.pem',
      '-keyfile',
      'ca.key',
      ...dates,
      '-out',
      'clients.crl',
    ],
  )
}

const keyMistakes: readonly Mistake[] = [
  {
    what: 'a key file that is a folder',
    make: place => place.edit('[session-key]', '[data]'),
    says: [
      '/etc/torhaus/torhaus.yaml:17: session.encryptionKeyFiles[0]: /etc/torhaus/data is a folder: name a file in it',
    ],
  },
  {
    what: 'a key file that is a pipe',
    make(place) {
      place.remove('session-key')
      execFileSync('mkfifo', [place.file('session-key')])
    },
    says: [
      '/etc/torhaus/torhaus.yaml:17: session.encryptionKeyFiles[0]: /etc/torhaus/session-key is a pipe, a socket or a device, but is read more than once: name a regular file',
    ],
  },
  {
    what: 'a disk image as key file',
    make: place => truncateSync(place.file('session-key'), 3_000_000_000),
    says: [
      '/etc/torhaus/torhaus.yaml:17: session.encryptionKeyFiles[0]: /etc/torhaus/session-key has 2862 MiB, but the limit is 64 MiB: is it the right file?',
    ],
  },
  {
    what: 'a key file that does not exist',
    make: place => place.remove('session-key'),
    says: [
      '/etc/torhaus/torhaus.yaml:17: session.encryptionKeyFiles[0]: the file /etc/torhaus/session-key does not exist; file names are relative to the configuration file',
    ],
  },
  {
    what: 'a session key that is too short',
    make: place => place.write('session-key', randomBytes(16).toString('base64')),
    says: [`${atSessionKey} must contain 32 bytes in base64, but contains 16`],
  },
  {
    what: 'a session key in hexadecimal digits',
    make: place => place.write('session-key', randomBytes(32).toString('hex')),
    says: [`${atSessionKey} contains hexadecimal digits, but ${KEY}`],
  },
  {
    what: 'a session key of raw bytes',
    make: place => place.write('session-key', Buffer.concat([Buffer.from([0]), randomBytes(31)])),
    says: [`${atSessionKey} contains bytes that are not text, but ${KEY}`],
  },
  {
    what: 'a session key in UTF-16',
    make: place => place.write('session-key', Buffer.from(`\ufeff${randomBytes(32).toString('base64')}`, 'utf16le')),
    says: [`${atSessionKey} is text in UTF-16, but ${KEY}: save it as UTF-8, without a byte order mark`],
  },
  {
    what: 'an assertion key that is a certificate',
    make: place => place.write('assertion.pem', place.authority.certificate),
    says: [`${atAssertion}/assertion.pem contains a certificate, but must contain a private key in PEM`],
  },
  {
    what: 'an assertion key that is RSA',
    make({ write }) {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      write('assertion.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }))
    },
    says: [
      `${atAssertion}/assertion.pem contains another kind of key, but must contain an EC key on P-256: create one with \`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out FILE\``,
    ],
  },
  {
    what: 'an empty client secret',
    make: place => place.write('client-secret', '\n'),
    says: [`${atSecret} is empty, but ${SECRET}`],
  },
  {
    what: 'a client secret with a second line',
    make: place => place.write('client-secret', 'hush-hush\n\n'),
    says: [`${atSecret} contains more than one line, but ${SECRET}`],
  },
  {
    what: 'a private key in place of the client secret',
    make: place => place.write('client-secret', place.read('tls.key')),
    says: [`${atSecret} contains a private key, but ${SECRET}`],
  },
  {
    what: 'a client secret in UTF-16',
    make: place => place.write('client-secret', Buffer.from('hush-hush', 'utf16le')),
    says: [`${atSecret} is text in UTF-16, but ${SECRET}: save it as UTF-8, without a byte order mark`],
  },
  {
    what: 'a client secret after a byte order mark',
    make: place => place.write('client-secret', '\ufeffhush-hush'),
    says: [`${atSecret} begins with a byte order mark, but ${SECRET}: save it as UTF-8, without a byte order mark`],
  },
  {
    what: 'a keytab that was copied as text',
    make(place) {
      place.write('torhaus.keytab', 'Keytab name: FILE:torhaus.keytab\n')
      place.edit(/$/, 'kerberos: { realm: CORP.EXAMPLE, servicePrincipal: svc-torhaus, keytabFile: torhaus.keytab }\n')
    },
    says: [
      '/etc/torhaus/torhaus.yaml:23: kerberos.keytabFile: /etc/torhaus/torhaus.keytab is not a keytab: export one with `ktpass`, `ktutil` or `samba-tool domain exportkeytab`, and copy it as a binary file',
    ],
  },
  {
    what: 'a replay cache folder that others can write to',
    make(place) {
      place.write('torhaus.keytab', madeKeytab({ principal: 'HTTP/devops.example.com@CORP.EXAMPLE' }))
      mkdirSync(place.file('replay'))
      chmodSync(place.file('replay'), 0o777)
      place.edit(/$/, KERBEROS_WITH_REPLAY)
    },
    says: [
      '/etc/torhaus/torhaus.yaml:23: kerberos.replayCacheDirectory: /etc/torhaus/replay can be written by other accounts, but must be writable only by the account of Torhaus: `chown ACCOUNT` and `chmod 0700`',
    ],
  },
  {
    what: 'a file in place of the replay cache folder',
    make(place) {
      place.write('torhaus.keytab', madeKeytab({ principal: 'HTTP/devops.example.com@CORP.EXAMPLE' }))
      place.write('replay', '')
      place.edit(/$/, KERBEROS_WITH_REPLAY)
    },
    says: [
      '/etc/torhaus/torhaus.yaml:23: kerberos.replayCacheDirectory: /etc/torhaus/replay is not a folder, but must be a folder owned by the account of Torhaus',
    ],
  },
  {
    what: 'a keytab with only RC4 keys, as libgssapi accepted it',
    make(place) {
      const principal = 'HTTP/devops.example.com@CORP.EXAMPLE'
      place.write('torhaus.keytab', madeKeytab({ principal, etype: RC4, keyBytes: 16 }))
      place.edit(/$/, 'kerberos: { realm: CORP.EXAMPLE, servicePrincipal: svc-torhaus, keytabFile: torhaus.keytab }\n')
    },
    says: [
      '/etc/torhaus/torhaus.yaml:23: kerberos.keytabFile: /etc/torhaus/torhaus.keytab has no AES key for HTTP/devops.example.com@CORP.EXAMPLE, only RC4, DES or keys of the wrong length: export it again with AES keys for both principals, with ktpass -crypto AES256-SHA1 or samba-tool domain exportkeytab',
    ],
  },
  {
    what: 'a tab in the groups file',
    make(place) {
      place.write('groups.yaml', 'devops:\n\t- ada\n')
      place.edit(/$/, 'groups: { file: groups.yaml, require: [devops] }\n')
    },
    says: [
      '/etc/torhaus/torhaus.yaml:23: groups.file: the file /etc/torhaus/groups.yaml is not valid YAML: line 2 has a tab before its option: indent YAML only with spaces',
    ],
  },
  {
    what: 'a secret that everyone can read',
    make: place => chmodSync(place.file('client-secret'), 0o644),
    says: [
      'warning: oidc.clientSecretFile: /etc/torhaus/client-secret has mode 0644: other accounts can read or replace this secret; use mode 0640 or stricter',
    ],
    isWarning: true,
  },
]

const outputMistakes: readonly Mistake[] = [
  {
    what: 'a store in a folder that does not exist',
    make: place => place.edit('data/torhaus.sqlite', 'missing/torhaus.sqlite'),
    says: [
      `${atStore}the folder /etc/torhaus/missing does not exist: create it for the account of Torhaus, or name another folder`,
    ],
  },
  {
    what: 'a store that is damaged',
    make: place => place.write('data/torhaus.sqlite', 'no database'.repeat(1000)),
    says: [
      `${atStore}/etc/torhaus/data/torhaus.sqlite is not an SQLite database, or is damaged: move it away, and Torhaus creates a new one (everyone has to sign in again)`,
    ],
  },
  {
    what: 'a store that is a folder',
    make: place => mkdirSync(place.file('data/torhaus.sqlite')),
    says: [`${atStore}/etc/torhaus/data/torhaus.sqlite is a folder: name a file in it`],
  },
  {
    what: 'a store that is a device',
    make: place => symlinkSync('/dev/null', place.file('data/torhaus.sqlite')),
    says: [`${atStore}/etc/torhaus/data/torhaus.sqlite is a pipe, a socket or a device: name a regular file`],
  },
  {
    what: 'a store on a read-only file system',
    make: place => place.mountReadOnly('data'),
    says: [
      `${atStore}/etc/torhaus/data is on a read-only file system: name a folder that it owns, such as /var/lib/torhaus or /var/log/torhaus`,
      `${atAudit}/etc/torhaus/data is on a read-only file system: name a folder that it owns, such as /var/lib/torhaus or /var/log/torhaus`,
    ],
    takes: 'mount',
  },
  {
    what: 'an audit log in a folder that is not writable',
    make(place) {
      mkdirSync(place.file('log'), { mode: 0o555 })
      place.edit('data/audit.log', 'log/audit.log')
    },
    says: [
      `${atAudit}/etc/torhaus/log cannot be written by this account: name a folder that it owns, such as /var/lib/torhaus or /var/log/torhaus`,
    ],
    takes: 'account',
  },
  {
    what: "a key that the service's account cannot read",
    make: place => chmodSync(place.file('session-key'), 0o000),
    says: [
      '/etc/torhaus/torhaus.yaml:17: session.encryptionKeyFiles[0]: this account cannot read the file /etc/torhaus/session-key: assign the file and its folder to its group with `chgrp GROUP`, with modes 0640 and 0750',
    ],
    takes: 'account',
  },
]

export const fileMistakes: readonly Mistake[] = [
  ...[...certificateMistakes, ...clientCertificateMistakes, ...keyMistakes, ...outputMistakes],
  ...appearanceMistakes,
]
