import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadConfig, parseConfig } from '../../config/load.ts'
import { type MadeKey, madeKeytab } from '../../devkit/realm/made-keytab.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-config-'))
  await writeFile(join(directory, 'key'), randomBytes(32).toString('base64'))
  await writeFile(join(directory, 'keytab'), madeKeytab({ principal: 'HTTP/devops.example@CORP.EXAMPLE' }))
})
after(() => rm(directory, { recursive: true }))

const good = `publicUrl: https://devops.example
upstream:
  url: https://tfs.example
  identity: { kind: none }
oidc:
  issuer: https://op.example
  clientId: torhaus
secondFactor:
  acceptAcr: [mfa]
session:
  encryptionKeyFiles: [key]
`

const KERBEROS = 'kerberos: { realm: CORP.EXAMPLE, keytabFile: keytab, servicePrincipal: svc }\n'

/** `line path message` of each problem. */
function problemsOf(source: string, environment = {}): string[] {
  const loaded = parseConfig(source, directory, environment)
  return loaded.ok ? [] : loaded.diagnostics.map(({ line, path, message }) => `${line ?? '-'} ${path} ${message}`)
}

test('a configuration with only what has no default is valid, and frozen', () => {
  const loaded = parseConfig(good, directory, {})
  assert.ok(loaded.ok, JSON.stringify(loaded))
  assert.throws(() => Object.assign(loaded.config.listener, { port: 1 }), TypeError)
})

test('one port is for one of the listeners only, unless they are at different addresses', () => {
  const found = (host: string, adminHost: string) =>
    problemsOf(`${good}listener: { host: '${host}', port: 8443 }\nadmin: { host: '${adminHost}', port: 8443 }\n`).join()
  for (const [host, adminHost] of [
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '::'],
    ['::', '0.0.0.0'],
    ['127.0.0.1', 'localhost'],
    ['localhost', '::1'],
  ] as const)
    assert.match(found(host, adminHost), /admin\.port 8443 is also listener/, `${host} ${adminHost}`)
  assert.doesNotMatch(found('0.0.0.0', '::1'), /is also listener/)
  assert.doesNotMatch(found('127.0.0.1', '127.0.0.2'), /is also listener/)
})

test('the defaults are the safe ones', () => {
  const loaded = parseConfig(good, directory, {})
  assert.ok(loaded.ok)
  const { listener, admin, allowPlainHttp, credentials } = loaded.config
  assert.deepEqual([listener.host, admin.host], ['127.0.0.1', '127.0.0.1'])
  assert.deepEqual([...listener.trustedProxies], [])
  assert.equal(listener.proxyProtocol, false)
  assert.equal(allowPlainHttp, false)
  assert.deepEqual([...credentials.serverTokenIssuers], [])
})

test('all problems are told at once, each with its line and path', () => {
  const bad = `publicUrl: http://devops.example
listener:
  port: 70000
  trustedProxies: [10.0.0.0/8, nonsense, 0.0.0.0/0]
upstream:
  url: https://tfs.example/path
  identity: { kind: magic }
oidc:
  issuer: https://op.example
secondFactor:
  acceptAcr: []
session:
  encryptionKeyFiles: [missing-file]
colour: blue
`
  const problems = problemsOf(bad)
  for (const [line, path] of [
    [1, 'publicUrl'],
    [3, 'listener.port'],
    [4, 'listener.trustedProxies[1]'],
    [6, 'upstream.url'],
    [7, 'upstream.identity.kind'],
    [8, 'oidc.clientId'],
    [10, 'secondFactor'],
    [13, 'session.encryptionKeyFiles[0]'],
    [14, 'colour'],
  ])
    assert.ok(
      problems.some(problem => problem.startsWith(`${line} ${path} `)),
      `${line} ${path}: ${problems.join('; ')}`,
    )
})

test('what does not fit together is told at once, too', () => {
  const bad = good
    .replace('https://devops.example', 'http://devops.example')
    .replace('https://tfs.example', 'https://tfs.example/path')
    .replace(
      'acceptAcr: [mfa]',
      "acceptAcr: []\n  rules: [{ name: x, reason: y, when: { path: '(' }, require: nothing }, { name: grant, when: {}, require: nothing }]",
    )
    .concat('listener:\n  trustedProxies: [10.0.0.0/8, nonsense, 0.0.0.0/0]\n')
  const paths = problemsOf(bad).map(problem => problem.split(' ')[1])
  for (const path of [
    'publicUrl',
    'upstream.url',
    'secondFactor',
    'secondFactor.rules[0].when.path',
    'secondFactor.rules[1].name',
    'secondFactor.rules[1].reason',
    'secondFactor.rules[1].when',
    'listener.trustedProxies[1]',
    'listener.trustedProxies[2]',
  ])
    assert.ok(paths.includes(path), `${path}: ${paths.join(' ')}`)
  assert.ok(!paths.includes('listener.trustedProxies[0]'))
})

/** Changes to a good configuration that must be refused, and the path that is blamed. */
const refused: Record<string, [from: string | RegExp, to: string, path: string]> = {
  'an unknown key at the top': [/$/, 'colour: blue\n', 'colour'],
  'an unknown key inside': ['kind: none', 'kind: none, knid: none', 'upstream.identity.knid'],
  'a secret in the file itself': ['clientId: torhaus', 'clientId: torhaus\n  clientSecret: x', 'oidc.clientSecret'],
  'plain http for the OP': ['https://op.example', 'http://op.example', 'oidc.issuer'],
  'credentials in a URL': ['https://tfs.example', 'https://a:b@tfs.example', 'upstream.url'],
  'a URL of another kind': ['https://tfs.example', 'ftp://tfs.example', 'upstream.url'],
  'text for a number': [/$/, 'listener: { port: many }\n', 'listener.port'],
  'a fraction': [/$/, 'listener: { port: 80.5 }\n', 'listener.port'],
  'a symmetric algorithm': [
    'clientId: torhaus',
    'clientId: torhaus\n  bearer: { audiences: [x], algorithms: [HS256] }',
    'oidc.bearer.algorithms[0]',
  ],
  'the algorithm none': [
    'clientId: torhaus',
    'clientId: torhaus\n  bearer: { audiences: [x], algorithms: [none] }',
    'oidc.bearer.algorithms[0]',
  ],
  'a range that trusts every IPv6 address': [
    /$/,
    "listener: { trustedProxies: ['::/0'] }\n",
    'listener.trustedProxies[0]',
  ],
  'a mapped range that trusts all of IPv4': [
    /$/,
    "listener: { trustedProxies: ['::ffff:0:0/96'] }\n",
    'listener.trustedProxies[0]',
  ],
  'PROXY protocol from nobody': [/$/, 'listener: { proxyProtocol: true }\n', 'listener.proxyProtocol'],
  'an origin with somebody in it': [
    /$/,
    "credentials: { allowedOrigins: ['https://ada@wiki.example'] }\n",
    'credentials.allowedOrigins[0]',
  ],
  'a realm that no field may have': [/$/, "credentials: { realm: 'Фирма' }\n", 'credentials.realm'],
  'memory for strangers that does not do for one': [
    /$/,
    'shares: { unprovenBufferBytes: 65536, unprovenBufferTotalBytes: 131072 }\n',
    'shares.unprovenBufferTotalBytes',
  ],
  'Redis beside the kind that is the default': [
    /$/,
    "  store: { redis: { urls: ['rediss://redis.example'] } }\n",
    'session.store.redis',
  ],
  'an empty list of keys': ['[key]', '[]', 'session.encryptionKeyFiles'],
}

for (const [what, [from, to, path]] of Object.entries(refused)) {
  test(`${what} is refused`, () => {
    const paths = problemsOf(good.replace(from, to)).map(problem => problem.split(' ')[1])
    assert.ok(paths.includes(path), `${path}: ${paths.join(' ')}`)
  })
}

test('a store may be a file beside a Redis that is described, where that is said', () => {
  assert.deepEqual(problemsOf(`${good}  store: { kind: sqlite, redis: { urls: ['rediss://redis.example'] } }\n`), [])
})

test('what is no YAML is told with its line, and a file without options is a problem', () => {
  assert.match(problemsOf('publicUrl: [unclosed\nserver: x')[0] ?? '', /^[12] {2}/)
  assert.notEqual(problemsOf('').length, 0)
  assert.notEqual(problemsOf('just text').length, 0)
})

test('a file that is not there is one problem', () => {
  const loaded = loadConfig(join(directory, 'no-such-file'), {})
  assert.equal(loaded.ok ? 0 : loaded.diagnostics.length, 1)
})

test('config:check prints every problem and exits with 78, and with 0 for a valid file', async () => {
  const check = (file: string) =>
    new Promise<{ code: number; text: string }>(resolve => {
      execFile(process.execPath, [torhausCommand, 'check', file], (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
      )
    })
  await writeFile(join(directory, 'good.yaml'), good)
  await writeFile(join(directory, 'bad.yaml'), `${good}colour: blue\nlistener: { port: many }\n`)
  assert.equal((await check(join(directory, 'good.yaml'))).code, 0)
  const { code, text } = await check(join(directory, 'bad.yaml'))
  assert.equal(code, 78)
  assert.match(text, /12.*colour/)
  assert.match(text, /13.*listener\.port/)
})

test('a template joins no two claims without a character between them, and the domain is named in one place', () => {
  const withAccount = (account: string) => problemsOf(`${good}account: ${account}\n`).map(line => line.slice(0, 60))
  assert.deepEqual(withAccount("{ template: '{a}.{b}', domains: [CORP, corp.example] }"), [])
  assert.match(withAccount("{ template: '{a}{b}' }").join(), /account\.template needs a character between two claims/)
  assert.match(withAccount("{ domains: ['CORP\\', ''] }").join(), /account\.domains\[0\].*account\.domains\[1\]/)
  const kerberos = 'kerberos: { realm: CORP.EXAMPLE, keytabFile: keytab, servicePrincipal: svc }'
  assert.match(
    problemsOf(`${good}${kerberos}\naccount: { domains: [CORP] }\n`).join(),
    /account\.domains cannot be combined/,
  )
})

test('confirmation of tokens needs a proof of whose they are, ranges that are some, and no refusal of what is to be asked about', () => {
  const withPolicy = (policy: string, proof = 'patProof: { profile: azure-devops }') =>
    problemsOf(`${good}credentials: { ${proof === '' ? '' : `${proof}, `}patPolicy: { ${policy} } }\n`).join('\n')
  assert.equal(withPolicy('confirm: first-use, reportOnly: false, confirmExceptFrom: [10.0.0.0/8, "fd00::/8"]'), '')
  assert.match(
    withPolicy('confirm: first-use', ''),
    /credentials\.patPolicy\.confirm needs credentials\.patProof without off/,
  )
  const off = 'patProof: { profile: azure-devops, off: true }'
  assert.match(withPolicy('confirm: new-network', off), /confirm needs credentials\.patProof without off/)
  const reportOnly = 'patProof: { profile: azure-devops, reportOnly: true }'
  assert.equal(withPolicy('confirm: first-use', reportOnly), '')
  assert.match(
    withPolicy('confirm: first-use, reportOnly: false', reportOnly),
    /confirm needs credentials\.patProof without/,
  )
  assert.match(
    withPolicy('confirm: new-network, refuseNewNetwork: true'),
    /refuseNewNetwork must be false with confirm/,
  )
  assert.match(withPolicy('confirmExceptFrom: [10.0.0.0/8]'), /confirmExceptFrom needs confirm/)
  const ranges = withPolicy('confirm: first-use, confirmExceptFrom: [agents, 0.0.0.0/0]')
  assert.match(
    ranges,
    /confirmExceptFrom\[0\] "agents" is not an IP address[\s\S]*confirmExceptFrom\[1\] would be every/,
  )
})

test('options of the directory that lead nowhere, or to two, are problems, and so is libgssapi', () => {
  const withKerberos = (options: string) =>
    problemsOf(`${good}kerberos: { realm: CORP.EXAMPLE, keytabFile: keytab, servicePrincipal: svc, ${options} }\n`)
  assert.deepEqual(withKerberos('krb5ConfigFile: key'), [])
  assert.deepEqual(withKerberos("kdcs: [dc1.corp.example, '10.0.0.1:1088', '[fd00::1]']"), [])
  assert.deepEqual(withKerberos('implementation: native, maxKdcCalls: 4, krb5ConfigFile: key'), [], 'as it was')
  const [, ofLibrary = ''] = /^\S+ (.*)$/.exec(withKerberos('implementation: gssapi, krb5ConfigFile: key').join()) ?? []
  assert.match(ofLibrary, /^kerberos\.implementation gssapi is no longer supported.*Remove the option.*torhaus doctor/)
  assert.match(
    withKerberos('kdcs: [dc1], krb5ConfigFile: key').join(),
    /krb5ConfigFile has no effect, because kdcs already name/,
  )
  const partner = 'realm: PARTNER.EXAMPLE, netbiosDomain: PARTNER'
  assert.deepEqual(withKerberos(`kdcs: [dc1], krb5ConfigFile: key, trustedRealms: [{ ${partner} }]`), [])
  assert.match(
    withKerberos(
      `netbiosDomain: partner, trustedRealms: [{ ${partner}, kdcs: ['a b'] }, { realm: corp.example }]`,
    ).join(),
    /\[0\]\.kdcs\[0\].*\[0\]\.netbiosDomain.*is already the name.*\[1\]\.realm.*is already the name/,
  )
  for (const alias of ['HTTP', 'HTTP/a b', 'HTTP/*.example', 'host/*', 'HTTP/a@', '*'])
    assert.match(withKerberos(`acceptAliases: ['${alias}']`).join(), /kerberos\.acceptAliases\[0\]/, alias)
  assert.deepEqual(withKerberos('upnSuffixes: [other.example]'), [])
  assert.match(
    withKerberos('upnSuffixes: [other.example, Corp.Example]').join(),
    /upnSuffixes\[1\].*must not be the realm/,
  )
  assert.match(withKerberos("kdcs: ['http://dc1', 'dc1:99999']").join(), /kerberos\.kdcs\[0\].*kerberos\.kdcs\[1\]/)
})

test('a keytab without a usable key of a principal that is needed is a problem, and says what it has', async () => {
  const kerberos = 'kerberos: { realm: CORP.EXAMPLE, keytabFile: other-keytab, servicePrincipal: svc }\n'
  const toServer = good.replace('kind: none', 'kind: kerberos, kerberos: { targetPrincipal: HTTP/tfs.example }')
  const problemsWith = async (...keys: readonly MadeKey[]) => {
    await writeFile(join(directory, 'other-keytab'), madeKeytab(...keys))
    return [good, toServer].map(source => problemsOf(`${source}${kerberos}`).join())
  }
  const accept = { principal: 'HTTP/devops.example@CORP.EXAMPLE' }
  const service = { principal: 'svc@CORP.EXAMPLE' }
  assert.deepEqual(await problemsWith(accept, service), ['', ''])
  const [alone = '', delegating = ''] = await problemsWith(accept)
  assert.equal(alone, '')
  assert.match(
    delegating,
    /kerberos\.keytabFile \S+ has no AES key for svc@CORP\.EXAMPLE \(it has keys for: HTTP\/devops\.example@CORP\.EXAMPLE\): export it again with AES keys/,
  )
  const aliased = `${good}${kerberos.replace('svc }', "svc, acceptAliases: [HTTP/devops, 'HTTP/*'] }")}`
  assert.match(problemsOf(aliased).join(), /keytabFile \S+ has no AES key for HTTP\/devops@CORP\.EXAMPLE \(it has/)
  await problemsWith(accept, { principal: 'HTTP/devops@CORP.EXAMPLE' })
  assert.deepEqual(problemsOf(aliased), [])
  for (const weak of [
    { etype: 23, keyBytes: 16 },
    { etype: 18, keyBytes: 16 },
  ])
    for (const problem of await problemsWith(service, { ...accept, ...weak }))
      assert.match(problem, /no AES key for HTTP\/devops\.example@CORP\.EXAMPLE, only RC4, DES .*: export it/)
})

test('UPNs where only names of accounts mean somebody: the rule, or the group, would fit nobody', async () => {
  const kerberos = (suffixes: string) =>
    `kerberos: { realm: CORP.EXAMPLE, keytabFile: keytab, servicePrincipal: svc, upnSuffixes: [${suffixes}] }\n`
  const ruled = (account: string, suffixes = 'other.example, third.example') =>
    problemsOf(
      `${good.replace('secondFactor:', () => `secondFactor:\n  rules: [{ name: one, when: { account: '${account}' }, require: refuse }]`)}${kerberos(suffixes)}`,
    ).join()
  for (const account of [
    ...['ada@other\\.example', '(ada|bob)@OTHER.example', '.*@third\\.example$', '.*@other\\.example.*'],
    ...['(?:.*@(?:corp\\.example|third\\.example))', 'carol|ada@other\\.example'],
    // However the suffix is written.
    ...['ada@other[.]example', '.+other\\.example', '[^@]+@(?:other|third)\\.example', '(?:ada|bob)@o.*\\.example'],
  ])
    assert.match(
      ruled(account),
      /rules\[0\]\.when\.account names people by UPN .* write the account name \(sAMAccountName\), such as bob/,
      account,
    )
  for (const account of [
    'ada',
    'ada@corp\\.example',
    'CORP\\\\ada',
    '.*',
    '.*example',
    '[^@]+@.*example',
    '.*@another\\.example',
    'x@other\\.example\\.org',
  ])
    assert.equal(ruled(account), '', account)
  assert.equal(ruled('ada@other\\.example', ''), '')
  // People of a realm that is trusted are called so.
  const trusting = "other.example], trustedRealms: [{ realm: OTTO.EXAMPLE, kdcs: ['127.0.0.1:88'] }"
  assert.notEqual(ruled('.+@ot.+\\.example', 'other.example'), '')
  assert.equal(ruled('.+@ot.+\\.example', trusting), '')

  const grouped = async (accounts: string) => {
    await writeFile(join(directory, 'groups.yaml'), `admins: [${accounts}]`)
    return problemsOf(`${good}groups: { file: groups.yaml }\n${kerberos('other.example')}`).join()
  }
  assert.match(
    await grouped("carol, 'Ada@Other.Example'"),
    /groups\.file has the UPN Ada@Other\.Example in admins, .* write the account name/,
  )
  assert.equal(await grouped("carol, 'CORP\\ada', ada@corp.example, ada@another.example, 'ODD\\x@other.example'"), '')
})

test('tickets that prove two factors need a directory, and SIDs that prove something', () => {
  const accepting = (accept: string) =>
    problemsOf(`${good.replace('secondFactor:', `secondFactor:\n  acceptTicket: ${accept}`)}${KERBEROS}`).join()
  const assurance = 'S-1-5-21-1004336348-1177238915-682003330-1601'
  assert.equal(accepting(`{ indicators: [otp], sids: [${assurance}, S-1-18-5] }`), '')
  const withoutKerberos = good.replace('secondFactor:', 'secondFactor:\n  acceptTicket: { indicators: [otp] }')
  assert.match(problemsOf(withoutKerberos).join(), /acceptTicket needs the section kerberos/)
  for (const sid of [
    'S-1-18-1',
    'S-1-18-2',
    'S-1-18-3',
    'S-1-18-4',
    'S-1-18-6',
    'S-1-5-11',
    'S-1-5-21-0-0-0-496',
    'S-1-5-21-0-0-0-497',
    'S-1-5-21-1-2-3-513',
  ])
    assert.match(accepting(`{ sids: [${sid}] }`), /acceptTicket\.sids\[0\] does not prove a second factor: /, sid)
  for (const text of ['smart-cards', 's-1-18-5', 'S-1-5-21-'])
    assert.match(accepting(`{ sids: [${text}] }`), /acceptTicket\.sids\[0\] must be a SID/, text)
})

test('a trusted realm whose tickets are to prove two factors needs something that proves them', () => {
  const child = KERBEROS.replace(
    '{',
    '{ trustedRealms: [{ realm: CHILD.CORP.EXAMPLE, kdcs: [dc9], acceptTicket: true }],',
  )
  assert.match(problemsOf(good + child).join(), /trustedRealms\[0\]\.acceptTicket needs secondFactor\.acceptTicket/)
  const proving = good.replace('secondFactor:', 'secondFactor:\n  acceptTicket: { indicators: [otp] }')
  assert.deepEqual(problemsOf(proving + child), [])
})

test('a group that is named by its SID is in Kerberos tickets, and nowhere else', () => {
  const withGroup = (group: string, directory = KERBEROS) =>
    problemsOf(`${good}groups: { require: [${group}] }\n${directory}`).join()
  assert.equal(withGroup('S-1-5-21-1-2-3-1601'), '')
  assert.match(withGroup('S-1-5-21-1-2-3-1601', ''), /groups\.require needs groups\.file/)
  assert.match(withGroup('developers'), /groups\.require needs groups\.file/)
})

test('channel bindings are required only where there is something to compare with', () => {
  const requiring = (listener = '') =>
    problemsOf(`${good}${KERBEROS.replace(' }', ', channelBindings: require }')}${listener}`).join()
  assert.match(requiring(), /channelBindings require needs listener\.tls/)
  const withTls = (algorithm: readonly string[]) => {
    const files = ['-keyout', join(directory, 'tls-key'), '-out', join(directory, 'tls.pem')]
    const usual = ['req', '-x509', '-nodes', '-days', '30', '-subj', '/CN=devops.example', ...files]
    execFileSync('openssl', [...usual, '-addext', 'subjectAltName=DNS:devops.example', '-newkey', ...algorithm], {
      stdio: 'ignore',
    })
    return requiring('listener: { tls: { certificateFile: tls.pem, privateKeyFile: tls-key } }\n')
  }
  assert.equal(withTls(['rsa:2048']), '')
  assert.match(withTls(['ed25519']), /channelBindings require needs a certificate .*ED25519/)
})
