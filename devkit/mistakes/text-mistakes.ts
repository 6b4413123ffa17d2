/** What goes wrong in the text of a configuration. */

import { mkdirSync } from 'node:fs'
import { madeKeytab } from '../realm/made-keytab.ts'
import type { Mistake } from './mistake.ts'
import { ruleMistakes } from './rule-mistakes.ts'

export const textMistakes: readonly Mistake[] = [
  {
    what: 'a misspelt option',
    make: place => place.edit('clientId', 'clientID'),
    says: [
      '/etc/torhaus/torhaus.yaml:10: oidc.clientId: is required',
      '/etc/torhaus/torhaus.yaml:12: oidc.clientID: is not an option of Torhaus: did you mean clientId?',
    ],
  },
  {
    what: 'an option in the wrong section',
    make: place => place.edit('acceptAcr: [mfa]', 'acceptAcr: [mfa]\n  trustedProxies: [10.0.0.1]'),
    says: [
      '/etc/torhaus/torhaus.yaml:16: secondFactor.trustedProxies: is not an option of Torhaus: did you mean listener.trustedProxies?',
    ],
  },
  {
    what: 'a section that does not exist',
    make: place => place.edit('logging:', 'loging:'),
    says: ['/etc/torhaus/torhaus.yaml:21: loging: is not an option of Torhaus: did you mean logging?'],
  },
  {
    what: 'a value of the wrong type',
    make: place => place.edit('tls: { certificateFile', 'port: many\n  tls: { certificateFile'),
    says: ['/etc/torhaus/torhaus.yaml:3: listener.port: must be a whole number, without quotes or unit'],
  },
  {
    what: 'a duration with its unit (`5s`)',
    make: place => place.edit('  clientId', '  timeoutMs: 5s\n  clientId'),
    says: ['/etc/torhaus/torhaus.yaml:12: oidc.timeoutMs: must be a whole number, without quotes or unit'],
  },
  {
    what: 'a client identifier of digits only',
    make: place => place.edit('clientId: torhaus', 'clientId: 4711'),
    says: ['/etc/torhaus/torhaus.yaml:12: oidc.clientId: must be text: put it in quotes'],
  },
  {
    what: 'one value instead of a list',
    make: place => place.edit('acceptAcr: [mfa]', 'acceptAcr: mfa'),
    says: ['/etc/torhaus/torhaus.yaml:15: secondFactor.acceptAcr: must be a list: put it in brackets, [ and ]'],
  },
  {
    what: 'the address of the metadata as issuer',
    make: place =>
      place.edit('issuer: https://op.example.com', 'issuer: https://op.example.com/.well-known/openid-configuration'),
    says: [
      '/etc/torhaus/torhaus.yaml:11: oidc.issuer: must not contain /.well-known/openid-configuration: remove that part',
    ],
  },
  {
    what: 'one port for both listeners',
    make: place => place.edit('listener:', 'listener:\n  port: 9090'),
    says: ['/etc/torhaus/torhaus.yaml: admin.port: 9090 is also listener.port: choose another port for one of the two'],
  },
  {
    what: 'the name of a variable, as other programs expand it',
    make: place => place.edit('https://devops.example.com', `https://\${HOST}`),
    says: [
      `/etc/torhaus/torhaus.yaml:1: publicUrl: has \${HOST}, but variables are not supported here: write the value`,
    ],
  },
  {
    what: 'a port in the address to listen on',
    make: place => place.edit('listener:', 'listener:\n  host: 0.0.0.0:8443'),
    says: [
      '/etc/torhaus/torhaus.yaml:3: listener.host: must be only an IP address or a host name; the port belongs in listener.port',
    ],
  },
  {
    what: 'an equals sign instead of the colon',
    make: place => place.edit('clientId: torhaus', 'clientId = torhaus'),
    says: ['/etc/torhaus/torhaus.yaml:12: has no colon followed by a space (`: `) between an option and its value'],
  },
  {
    what: 'an option that is indented further than its neighbours',
    make: place => place.edit('  clientId', '   clientId'),
    says: [
      '/etc/torhaus/torhaus.yaml:11: has a second colon followed by a space, or the next line is indented further: quote a value that contains `: `, and indent all options of a section alike',
    ],
  },
  {
    what: 'the audit log in the file of the store',
    make: place => place.edit('data/audit.log', 'data/torhaus.sqlite'),
    says: [
      '/etc/torhaus/torhaus.yaml:22: logging.auditFile: is also the file of the store, which audit records would destroy: name another file',
    ],
  },
  {
    what: 'a tag, as other programs use for secrets and variables (`!env NAME`)',
    make: place => place.edit('clientId: torhaus', 'clientId: !env CLIENT_ID'),
    says: [
      '/etc/torhaus/torhaus.yaml:12: has a tag (`!...`), but tags are not supported: write the value itself, and put secrets into separate files',
    ],
  },
  {
    what: 'two documents in one file',
    make: place => place.edit(/$/, '---\nhsts: { off: true }\n'),
    says: ['/etc/torhaus/torhaus.yaml:23: starts another document (`---`), but only one is read: remove the line'],
  },
  {
    what: 'characters that only look like spaces, copied from a web page',
    make: place => place.edit('  clientId', '\u00a0\u00a0clientId'),
    says: [
      '/etc/torhaus/torhaus.yaml:12: is indented with characters that only look like spaces (copied from a web page?): type the spaces again',
    ],
  },
  {
    what: 'an incomplete regular expression',
    make: place => place.edit(/$/, "account: { pattern: '(' }\n"),
    says: ['/etc/torhaus/torhaus.yaml:23: account.pattern: ...'],
  },
  {
    what: 'an option that occurs twice',
    make: place => place.edit('  clientId', '  issuer: https://op.example.com\n  clientId'),
    says: [
      '/etc/torhaus/torhaus.yaml:12: sets an option for the second time in its section: remove one of the two lines',
    ],
  },
  {
    what: 'a value that begins with `@`',
    make: place => place.edit('clientId: torhaus', 'clientId: @torhaus'),
    says: [
      '/etc/torhaus/torhaus.yaml:12: has a value that begins with a character reserved in YAML (`@`, `%` or a backtick): put the value in quotes',
    ],
  },
  {
    what: 'a list that is not closed',
    make: place => place.edit('acceptAcr: [mfa]', 'acceptAcr: [mfa'),
    says: [
      '/etc/torhaus/torhaus.yaml:16: has a bracket or brace that is not closed, or whose content is not indented: close it with ] or }, and indent what is between',
    ],
  },
  {
    what: '`publicUrl` with a path',
    make: place => place.edit('devops.example.com', 'devops.example.com/tfs'),
    says: ['/etc/torhaus/torhaus.yaml:1: publicUrl: must be an origin: scheme, host and port, without a path'],
  },
  {
    what: '`publicUrl` with http',
    make: place => place.edit('https://devops', 'http://devops'),
    says: [
      '/etc/torhaus/torhaus.yaml:1: publicUrl: must be https (http is only for loopback, or for test setups with allowPlainHttp)',
    ],
  },
  {
    what: 'no workers',
    make: place => place.edit('  tls: { certificateFile', '  workers: 0\n  tls: { certificateFile'),
    says: ['/etc/torhaus/torhaus.yaml:3: listener.workers: must be >= 1'],
  },
  {
    what: 'Kerberos to the server without the sections for it',
    make: place => place.edit('kind: assertion', 'kind: kerberos'),
    says: [
      '/etc/torhaus/torhaus.yaml:7: upstream.identity.kerberos: is required for kind kerberos',
      '/etc/torhaus/torhaus.yaml:8: upstream.identity.kind: needs the section kerberos',
    ],
  },
  {
    what: 'a rule that names a person by UPN, where accounts have other names',
    make(place) {
      place.write('torhaus.keytab', madeKeytab({ principal: 'HTTP/devops.example.com@AD.EXAMPLE' }))
      place.edit(
        'acceptAcr: [mfa]',
        "acceptAcr: [mfa]\n  rules: [{ name: ada, when: { account: 'ada@corp\\.example\\.com' }, require: refuse }]",
      )
      place.edit(
        /$/,
        'kerberos: { realm: AD.EXAMPLE, servicePrincipal: svc-torhaus, keytabFile: torhaus.keytab, upnSuffixes: [corp.example.com] }\n',
      )
    },
    says: [
      '/etc/torhaus/torhaus.yaml:16: secondFactor.rules[0].when.account: names people by UPN (@corp.example.com), but Torhaus uses their account names: write the account name (sAMAccountName), such as bob or CORP\\bob',
    ],
  },
  {
    what: 'a template for accounts without a claim',
    make: place => place.edit('  clientId', '  idToken: { accountTemplate: preferred_username }\n  clientId'),
    says: [
      '/etc/torhaus/torhaus.yaml:12: oidc.idToken.accountTemplate: needs at least one claim in braces, e.g. {preferred_username}',
    ],
  },
  {
    what: 'scopes without `openid`',
    make: place => place.edit('  clientId', '  scopes: [profile, email]\n  clientId'),
    says: [
      '/etc/torhaus/torhaus.yaml:12: oidc.scopes: must contain openid, or the OP issues no ID token (OIDC Core 3.1.2.1)',
    ],
  },
  {
    what: 'Redis without `kind: redis`',
    make: place =>
      place.edit(
        'store: { sqlite: { file: data/torhaus.sqlite } }',
        "store: { redis: { urls: ['rediss://redis.example.com'] }, sqlite: { file: data/torhaus.sqlite } }",
      ),
    says: [
      '/etc/torhaus/torhaus.yaml:18: session.store.redis: has no effect unless session.store.kind is redis: set that',
    ],
  },
  ...ruleMistakes,
  {
    what: 'a secret in the file itself',
    make: place => place.edit('clientSecretFile: client-secret', 'clientSecret: hush'),
    says: [
      '/etc/torhaus/torhaus.yaml:13: oidc.clientSecret: is not an option of Torhaus: did you mean clientSecretFile?',
    ],
  },
  {
    what: '`trustedProxies` that are not addresses',
    make: place => place.edit('  tls: { certificateFile', '  trustedProxies: [balancer]\n  tls: { certificateFile'),
    says: ['/etc/torhaus/torhaus.yaml:3: listener.trustedProxies[0]: "balancer" is not an IP address or CIDR range'],
  },
  {
    what: 'an origin server without a scheme',
    make: place => place.edit('https://tfs.example.com', 'tfs.example.com'),
    says: ['/etc/torhaus/torhaus.yaml:5: upstream.url: must be an http or https URL'],
  },
  {
    what: 'an origin server at the address on which Torhaus itself listens',
    make: place => place.edit('https://tfs.example.com', 'http://127.0.0.1:8080'),
    says: [
      '/etc/torhaus/torhaus.yaml:5: upstream.url: is the address that Torhaus itself listens on: use the address of the server behind it',
    ],
  },
  {
    what: 'an origin server at `publicUrl`',
    make: place => place.edit('https://tfs.example.com', 'https://devops.example.com'),
    says: [
      'warning: upstream.url: is the same as publicUrl: unless devops.example.com leads to the server on this machine, each request comes back to Torhaus and is refused (loop-detected)',
    ],
    isWarning: true,
  },
  {
    what: 'a tab',
    make: place => place.edit('  clientId', '\tclientId'),
    says: ['/etc/torhaus/torhaus.yaml:12: has a tab before its option: indent YAML only with spaces'],
  },
  {
    what: 'a folder instead of the file',
    make(place) {
      place.remove('torhaus.yaml')
      mkdirSync(place.configFile)
    },
    says: ['/etc/torhaus/torhaus.yaml: is a folder: name a file in it'],
  },
  {
    what: 'no file of that name',
    make: place => place.remove('torhaus.yaml'),
    says: ['/etc/torhaus/torhaus.yaml: does not exist'],
  },
  {
    what: 'a file in Latin-1',
    make: place => place.write('torhaus.yaml', Buffer.from('# Schlüssel für alle\na: b\n', 'latin1')),
    says: [
      '/etc/torhaus/torhaus.yaml: is not in UTF-8, but in Latin-1 or another older encoding (line 1): save it as UTF-8',
    ],
  },
  {
    what: 'a file in UTF-16',
    make: place => place.write('torhaus.yaml', Buffer.from('\ufeffpublicUrl: https://a.example\n', 'utf16le')),
    says: ['/etc/torhaus/torhaus.yaml: is in UTF-16, or is not text: save it as UTF-8'],
  },
  {
    what: 'an empty file',
    make: place => place.write('torhaus.yaml', '# nothing yet\n'),
    says: ['/etc/torhaus/torhaus.yaml: is empty: start from config/example.yaml'],
  },
  {
    what: 'a list',
    make: place => place.write('torhaus.yaml', '- publicUrl: https://a.example\n'),
    says: [
      '/etc/torhaus/torhaus.yaml: is a list, but must contain options with their values: start from config/example.yaml',
    ],
  },
  {
    what: 'a text without an option',
    make: place => place.write('torhaus.yaml', 'https://devops.example.com\n'),
    says: [
      '/etc/torhaus/torhaus.yaml: is a text without options, but must contain options with their values: start from config/example.yaml',
    ],
  },
  {
    what: 'a file of 60 MB',
    make: place => place.write('torhaus.yaml', Buffer.alloc(60_000_000, '# comment\n')),
    says: [
      '/etc/torhaus/torhaus.yaml: has 58 MiB, but a configuration has a few kilobytes, at most 1 MiB: is it the right file?',
    ],
  },
  {
    what: 'a port in the environment that is not a number (`PORT=abc`)',
    make: () => undefined,
    environment: { PORT: 'abc', ADMIN_PORT: '99999999' },
    says: [
      '/etc/torhaus/torhaus.yaml: listener.port: the environment variable PORT is "abc", but must be a whole number from 0 to 65535, or unset',
      '/etc/torhaus/torhaus.yaml: admin.port: the environment variable ADMIN_PORT is "99999999", but must be a whole number from 0 to 65535, or unset',
    ],
  },
  {
    what: 'certificate verification turned off (`NODE_TLS_REJECT_UNAUTHORIZED=0`)',
    make: () => undefined,
    environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    says: [
      '/etc/torhaus/torhaus.yaml: the environment variable NODE_TLS_REJECT_UNAUTHORIZED is 0, which lets anyone impersonate the OP and Redis: unset it, and add the authority of their certificates with caFile or NODE_EXTRA_CA_CERTS',
    ],
  },
]
