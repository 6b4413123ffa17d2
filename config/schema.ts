/**
 * Every option of Torhaus, once: type, default, unit, bounds and description. The TypeScript type, the validation,
 * docs/configuration.md and docs/configuration.schema.json all come from here.
 */
import Type, { type Static } from 'typebox'
import { clientClasses } from './client-classes.ts'
import { STORE_FILE } from './environment.ts'
import { choice, file, flag, integer, list, outputFile, requiredSection, section, text } from './option.ts'
import { ACCENT } from './page-colors.ts'
import { provider, providers } from './provider-schema.ts'

const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** A certificate of ours, in one of two ways. */
const ownCertificate = (certificate: string) => ({
  certificateFile: Type.Optional(file(`PEM file: ${certificate}, followed by its chain.`)),
  privateKeyFile: Type.Optional(file('PEM file: the private key of the certificate.')),
  privateKeyPasswordFile: Type.Optional(
    file('File with the password of the private key, as one line, where the key is encrypted.'),
  ),
  pkcs12File: Type.Optional(
    file(
      'PKCS#12 archive (.pfx, .p12) with certificate, chain and key, in place of certificateFile and privateKeyFile.',
    ),
  ),
  pkcs12PasswordFile: Type.Optional(file('File with the password of pkcs12File, as one line.')),
})

const clientCertificates = requiredSection(
  {
    mode: choice(
      ['request', 'require'],
      'Whether a client without a certificate is refused (`require`), or passes as if there were no such section (`request`). One that shows a certificate which is not good is refused in any case. Sign-out messages of the OP, the key set and the self-test need none.',
      'require',
    ),
    caFile: file(
      'PEM file with the certificate authorities of clients: roots, and intermediates that clients do not send.',
    ),
    crlFile: Type.Optional(
      file(
        'PEM file with the certificate revocation lists (RFC 5280) of every authority between root and client, the root included. Once one has passed its next update, certificates of that authority are refused. Without this file nothing is revoked.',
      ),
    ),
    accountFrom: list(
      choice(['upn', 'mail', 'common-name'], 'Part of the certificate.'),
      'Where the certificate names its account; the first of these that is there counts. `upn`: user principal name among the subject alternative names (smart cards of a Windows domain). `mail`: address there. `common-name`: of the subject. A person, or the owner of a token, must then be that account. Empty: any certificate will do for anybody.',
      { default: [] },
    ),
    accountPattern: text(
      'Regular expression that the name must match as a whole; a group named `account` cuts the account out, e.g. `(?<account>[^@]+)@corp\\.example`.',
      { default: '.+' },
    ),
    firstFactor: flag(
      'The certificate alone says who somebody is who sends no other credentials: one factor, as a Kerberos ticket. Needs accountFrom.',
      false,
    ),
  },
  'Certificates of clients (mutual TLS, smart cards), as a condition beside all others. They are seen by whoever ends TLS: where a balancer does, this section cannot be used, and no field with a certificate is believed.',
)

const listener = section(
  {
    host: text('Address the proxy listens on. Use 0.0.0.0 or :: only behind a firewall or a balancer.', {
      default: '127.0.0.1',
    }),
    port: integer(
      'TCP port. The environment variables HTTP_PLATFORM_PORT (IIS HttpPlatformHandler) and PORT, in this order, override it.',
      {
        default: 8080,
        minimum: 0,
        maximum: 65535,
      },
    ),
    tls: Type.Optional(
      requiredSection(
        {
          ...ownCertificate('the certificate'),
          profile: choice(
            ['intermediate', 'modern'],
            'Which versions, cipher suites and groups are taken, of Mozilla\'s guidelines, version 6.0 (docs/operations.md, "TLS"): intermediate, TLS 1.2 and 1.3; modern, TLS 1.3 alone.',
            'intermediate',
          ),
          sessionTicketKeyFile: Type.Optional(
            file(
              'File with 32 random bytes in base64 (`openssl rand -base64 32`), the same at every instance: clients then resume TLS sessions at any of them. Without it they do at the workers of one machine. Whoever has it, and has recorded connections by TLS 1.2, can read them: replace it now and then (docs/keys.md).',
            ),
          ),
          clientCertificates: Type.Optional(clientCertificates),
        },
        'Serve TLS. Without this section the listener speaks plain HTTP, for use behind a balancer that ends TLS.',
      ),
    ),
    hostNames: list(
      text('Host name or address, without port.', { pattern: '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+)$' }),
      'Further names under which clients may ask, besides those of publicUrl and ownPages.publicUrl; any other gets 421. Redirects lead to publicUrl all the same.',
      { default: [] },
    ),
    trustedProxies: list(
      text('IP address or CIDR range.'),
      'Peers whose forwarded field and request id are believed. Empty: nobody. IPv4-mapped IPv6 addresses are matched as IPv4.',
      { default: [] },
    ),
    forwardedField: choice(
      ['X-Forwarded-For', 'Forwarded'],
      'The one field in which trusted proxies say the client address: X-Forwarded-For, or Forwarded (RFC 7239). The other is ignored.',
      'X-Forwarded-For',
    ),
    proxyProtocol: flag(
      'Connections of trusted proxies begin with a PROXY protocol header, version 1 or 2, that says the client address; without one they are closed. From other peers it is not understood.',
      false,
    ),
    keepAliveTimeoutMs: integer(
      'How long an idle client connection is kept, in milliseconds. Keep it above the idle timeout of the balancer in front.',
      {
        default: 75_000,
        minimum: 1000,
        maximum: 3_600_000,
      },
    ),
    handshakeTimeoutMs: integer('How long a TLS handshake may take, in milliseconds; then the connection is closed.', {
      default: 10_000,
      minimum: 1000,
      maximum: 120_000,
    }),
    maxConnections: Type.Optional(
      integer(
        'Most client connections per worker, WebSockets included. For one more, the connection is closed that has been idle longest, or keeps content back though nobody knows who it is; where there is none, the new one. Default: what the limit of descriptors (ulimit -n) leaves after maxTunnels and upstream.maxConnections, which are lowered to a quarter of it each where it is small; upstream.maxQueued is then lowered, too, so that requests that wait leave room. More than that is never taken.',
        { minimum: 8, maximum: 1_000_000 },
      ),
    ),
    headersTimeoutMs: integer('How long a client may take to send the fields of a request, in milliseconds.', {
      default: 60_000,
      minimum: 1000,
      maximum: 600_000,
    }),
    idleTimeoutMs: integer(
      'How long a client connection with a request in flight may stand still in both directions, in milliseconds. There is no limit on the whole duration: a push may take hours. Keep it above upstream.headersTimeoutMs.',
      { default: 600_000, minimum: 1000, maximum: 86_400_000 },
    ),
    minRequestRate: integer(
      'Slowest that the content of a request may arrive, in bytes a second on average; slower, 408. 0: at any rate. Time in which the server does not take it does not count.',
      { default: 240, minimum: 0, maximum: 1_000_000 },
    ),
    minResponseRate: integer(
      'Slowest that a client may read a response, in bytes a second; slower, and the connection is closed. It counts only while the client is behind: event streams and WebSockets may be silent. 0: at any rate.',
      { default: 240, minimum: 0, maximum: 1_000_000 },
    ),
    rateGraceMs: integer('How long content may stand still before these rates count, in milliseconds.', {
      default: 15_000,
      minimum: 1000,
      maximum: 600_000,
    }),
    maxHeaderBytes: integer(
      'Largest request head in bytes; above it 431. A Kerberos token of a user with many groups needs 64 KiB in base64.',
      { default: 131_072, minimum: 16_384, maximum: 1_048_576 },
    ),
    maxHeaderFields: integer('Most field lines in a request; above it 431.', {
      default: 200,
      minimum: 20,
      maximum: 1900,
    }),
    maxTunnels: integer(
      'Most WebSockets open at a time, per process; above it 503. 0: none at all. They count apart from upstream.maxConnections.',
      { default: 10_000, minimum: 0, maximum: 1_000_000 },
    ),
    workers: Type.Optional(
      integer('Processes that take requests. Default: one per processor core.', { minimum: 1, maximum: 256 }),
    ),
    drainDelayMs: integer(
      'At SIGTERM: how long requests are still taken after /readyz has turned 503, in milliseconds, so that the balancer notices first. Keep it above the time the balancer needs for that. Ctrl-C (SIGINT) does not wait.',
      { default: 5000, minimum: 0, maximum: 600_000 },
    ),
    drainTimeoutMs: integer(
      'At SIGTERM, and after a reload: how long requests in flight may take to finish, in milliseconds.',
      {
        default: 300_000,
        minimum: 0,
        maximum: 86_400_000,
      },
    ),
    maxDrainingReloads: integer(
      'After how many reloads at a time workers may finish their requests in flight, for drainTimeoutMs at most. For one more the oldest of these workers are ended, and what they had is cut. Each reload has as many workers, and as much memory, as the current one.',
      { default: 3, minimum: 1, maximum: 50 },
    ),
  },
  'The listener for clients.',
)

const kerberos = requiredSection(
  {
    realm: text('Kerberos realm of the directory, e.g. CORP.EXAMPLE.'),
    kdcs: list(
      text('Host name or address of a KDC, with :port where it is not 88.'),
      'The KDCs, the preferred one first. Default: those that krb5.conf names (krb5ConfigFile); where it names none, those of the DNS record _kerberos._tcp of the realm.',
      { default: [] },
    ),
    replayCacheDirectory: Type.Optional(
      outputFile(
        'Directory for the tokens seen, shared by all workers, writable by this account alone. Default: KRB5RCACHEDIR, STATE_DIRECTORY (as systemd sets it) or the temporary directory, and torhaus-replay- with the number of the account. On Windows: KRB5RCACHEDIR or LOCALAPPDATA of the account, and torhaus-replay.',
      ),
    ),
    netbiosDomain: Type.Optional(text('NetBIOS name of the domain, for accounts written CORP\\alice.')),
    upnSuffixes: list(
      text('Suffix of user principal names, e.g. other.example.', { pattern: '^[A-Za-z0-9._-]+$' }),
      'Further suffixes of user principal names of this directory (userPrincipalName), other than the realm. The KDC is asked whose such a name is, and from then on the person has the name of that account (sAMAccountName), in sessions, rules and log. A name with any other suffix is refused.',
      { default: [] },
    ),
    trustedRealms: list(
      requiredSection(
        {
          realm: text('Kerberos realm, e.g. PARTNER.EXAMPLE.'),
          netbiosDomain: Type.Optional(text('NetBIOS name of its domain, for accounts written PARTNER\\ada.')),
          kdcs: list(
            text('Host name or address of a KDC, with :port where it is not 88.'),
            'Its KDCs, the preferred one first. Default: as for kdcs of the realm itself.',
            { default: [] },
          ),
          acceptTicket: flag(
            'Tickets of its people may prove two factors, too, by what secondFactor.acceptTicket lists. How somebody has signed in is the word of its KDCs then; which SIDs of theirs count, the KDCs of our own realm decide (SID filtering, MS-PAC 4.1.2.2).',
            false,
          ),
        },
        'A realm.',
      ),
      'Realms that the directory trusts and whose accounts are people here, too. They are always called by their whole name, `ada@PARTNER.EXAMPLE`. No other realm is asked or believed, whoever refers to it.',
      { default: [] },
    ),
    keytabFile: file('Keytab with the keys of acceptPrincipal and servicePrincipal. Read again when it changes.'),
    acceptPrincipal: Type.Optional(
      text('Service principal that clients get tickets for. Default: HTTP/ and the host of publicUrl.'),
    ),
    acceptAliases: Type.Optional(
      list(
        text('Service principal, e.g. HTTP/devops, or `HTTP/*`.', {
          pattern: '^(HTTP/\\*|[^/@*\\s]+/[^/@*\\s]+(@[^/@*\\s]+)?)$',
        }),
        'Further service principals that clients may get tickets for, such as the short name that people type. Each needs an AES key in the keytab. `HTTP/*`: every HTTP name of the realm that the keytab has keys of.',
      ),
    ),
    servicePrincipal: text(
      'Account that Torhaus signs in with, and that may delegate (protocol transition), e.g. svc-torhaus.',
    ),
    krb5ConfigFile: Type.Optional(
      file(
        'krb5.conf that names the KDCs where kdcs names none, in place of what KRB5_CONFIG names, or of /etc/krb5.conf. Read at a start and a reload; nothing else in it counts.',
      ),
    ),
    channelBindings: choice(
      ['accept', 'require', 'ignore'],
      'Where TLS ends here (listener.tls): whether a ticket must have been made for this connection (RFC 5929, tls-server-end-point; "Extended Protection"), so that nobody who lures a client elsewhere can hand its ticket on. `accept`: one that names another certificate is refused, one that names none passes; not looked at where a peer of listener.trustedProxies forwards the request, for TLS ended there. `require`: it must name ours, whoever forwards it.',
      'accept',
    ),
    recheckSeconds: integer(
      'How often the KDC is asked anew for the ticket of an account that is in use, in seconds. A disabled account is refused after that at the latest, where a KDC answers. Two requests to the KDC each time.',
      { default: 300, minimum: 10, maximum: 36_000 },
    ),
    kdcTimeoutMs: integer('How long a request waits for the KDC, in milliseconds.', {
      default: 5000,
      minimum: 100,
      maximum: 60_000,
    }),
    kdcFailureThreshold: integer('So many failures in a row open the circuit: the KDC is not asked for a while.', {
      default: 3,
      minimum: 1,
      maximum: 100,
    }),
    kdcPauseMs: integer('How long the circuit stays open before the KDC is tried again, in milliseconds.', {
      default: 5000,
      minimum: 100,
      maximum: 600_000,
    }),
    maxPrincipals: integer('Most accounts whose tickets are kept; the least recently used goes first.', {
      default: 10_000,
      minimum: 1,
      maximum: 1_000_000,
    }),
    passwords: section(
      {
        accept: flag('Accept directory passwords in Basic. They are checked at the KDC and never forwarded.', false),
        verdictSeconds: integer(
          'How long a verdict about a password is remembered, in seconds: how long an old password still works.',
          { default: 300, minimum: 0, maximum: 3600 },
        ),
        maxFailuresPerAccount: integer(
          'Most wrong passwords of one account until there was none for failureWindowSeconds, as directories count. Keep it, together with reservedFailuresPerAccount, below the lock-out threshold of the directory. All processes on one store count together.',
          { default: 3, minimum: 1, maximum: 1000 },
        ),
        reservedFailuresPerAccount: integer(
          'Wrong passwords of one account on top of maxFailuresPerAccount, for networks alone from which its password was right within provenNetworkSeconds: strangers that guess do not keep the owner out. Keep both together below the lock-out threshold of the directory. 0: nobody is spared.',
          { default: 1, minimum: 0, maximum: 1000 },
        ),
        provenNetworkSeconds: integer(
          'How long a network is spared after a right password of the account from there, in seconds: an IPv4 address, or the IPv6 network of ipv6PrefixBits. 0: nobody is spared.',
          { default: 604_800, minimum: 0, maximum: 30 * DAY_S },
        ),
        ipv6PrefixBits: integer(
          'IPv6 addresses that agree in so many bits count as one client address: a host has a whole /64 to choose from.',
          { default: 64, minimum: 16, maximum: 128 },
        ),
        maxFailuresPerAddress: integer('Most wrong passwords from one client address within failureWindowSeconds.', {
          default: 20,
          minimum: 1,
          maximum: 100_000,
        }),
        failureWindowSeconds: integer(
          'Window for these limits, in seconds. Keep it at least as long as the directory takes after a wrong password to reset its own counter.',
          { default: 1800, minimum: 1, maximum: DAY_S },
        ),
      },
      'Directory passwords in Basic.',
    ),
    implementation: Type.Optional(
      choice(['native', 'gssapi'], 'Of earlier versions: `native` is all there is, and can go; `gssapi` is refused.'),
    ),
    maxKdcCalls: Type.Optional(
      integer('Of earlier versions, for libgssapi: counts no more, and can go.', { minimum: 1, maximum: 32 }),
    ),
  },
  'Kerberos: Negotiate in, directory passwords in, constrained delegation out. Needs nothing of the system.',
)

const admin = section(
  {
    host: text(
      'Address of the admin listener: loopback, or an address of a management network, which needs credentialFile.',
      {
        default: '127.0.0.1',
      },
    ),
    port: integer('TCP port of the admin listener; the environment variable ADMIN_PORT overrides it.', {
      default: 9090,
      minimum: 0,
      maximum: 65535,
    }),
    hostNames: list(
      text('Host name, without port.', { pattern: '^[A-Za-z0-9._-]+$' }),
      'Names under which the admin listener may be asked, besides addresses and localhost; any other gets 421.',
      { default: [] },
    ),
    credentialFile: Type.Optional(
      file(
        'File with the credential for /metrics, for the parts in /readyz and for /operator, sent as Bearer or as the password of Basic; at least 20 characters, e.g. from `openssl rand -base64 32`. Without it everybody may ask for metrics and parts who reaches the listener, which is for loopback only, and there is no page /operator.',
      ),
    ),
    tls: Type.Optional(
      requiredSection(
        {
          ...ownCertificate('the certificate'),
        },
        'Serve TLS on the admin listener. Without this section the credential can be read by whoever sees the traffic.',
      ),
    ),
    traceOneIn: integer(
      'For the page /operator, one exchange in so many is traced in full while it runs, whether it goes through or not: 1: each, 0: none. Refusals and faults are kept without, but for how long each stage took. It costs time with each that is traced.',
      { default: 0, minimum: 0, maximum: 1_000_000 },
    ),
  },
  'The admin listener: /metrics, /livez, /readyz, and the page /operator.',
)

const assertion = requiredSection(
  {
    field: text('Field that carries the assertion.', { default: 'X-Torhaus-Assertion' }),
    audience: text('The `aud` of the assertion: what the upstream server calls itself.'),
    lifetimeSeconds: integer('Lifetime of an assertion in seconds. One is reused for half of it, in each process.', {
      default: 300,
      minimum: 10,
      maximum: 600,
    }),
    signingKeyFiles: list(
      file('PEM file (PKCS#8): an EC private key on P-256.'),
      'The first key signs; all of them are published at /.torhaus/jwks.json, so that keys can be rotated.',
      { minItems: 1 },
    ),
  },
  'For kind `assertion`: a short-lived ES256 JWT (RFC 7519) whose `sub` is the account.',
)

const identityHeader = section(
  { field: text('Field that carries the account.', { default: 'X-Forwarded-User' }) },
  'For kind `header`: the account in a plain field, as Gitea and GitLab read it. The upstream must accept it from Torhaus only.',
)

const kerberosIdentity = requiredSection(
  {
    targetPrincipal: text('Service principal of the server, e.g. HTTP/devops.corp.example.'),
    authenticatesConnections: flag(
      'The server keeps authentication on the connection (IIS with authPersistNonNTLM): one token per connection instead of one per request. Connections belong to one account in any case.',
      false,
    ),
  },
  'For kind `kerberos`: the account arrives as itself, by constrained delegation (MS-SFU).',
)

const upstream = requiredSection(
  {
    url: text('Origin of the server behind Torhaus: scheme, host and port, no path.'),
    host: choice(
      ['public', 'upstream'],
      'Which Host the server is sent: that of publicUrl, or that of upstream.url. Never what the client sent.',
      'public',
    ),
    tls: section(
      {
        caFile: Type.Optional(
          file(
            'PEM file with the certificate authorities to trust for the upstream, in place of those that Node trusts (docs/operations.md, "Which authorities are trusted").',
          ),
        ),
        serverName: Type.Optional(
          text('Name expected in the certificate, where it differs from the host of upstream.url.'),
        ),
        ...ownCertificate('client certificate, where the upstream asks for one'),
      },
      'TLS towards the upstream. The certificate is always verified.',
    ),
    maxConnections: integer('Most TCP connections to the upstream. Requests above it wait in a queue.', {
      default: 512,
      minimum: 1,
      maximum: 20_000,
    }),
    maxQueued: integer('Most requests waiting for a connection; above it 503.', {
      default: 10_000,
      minimum: 0,
      maximum: 1_000_000,
    }),
    queueTimeoutMs: integer(
      'How long a request may wait for a connection, in milliseconds; then 503. Whoever has few requests in flight comes first.',
      { default: 30_000, minimum: 100, maximum: 600_000 },
    ),
    connectTimeoutMs: integer('How long a TCP and TLS connect may take, in milliseconds.', {
      default: 10_000,
      minimum: 100,
      maximum: 120_000,
    }),
    headersTimeoutMs: integer(
      'How long the upstream may take from the last byte of the request to the fields of its response, in milliseconds.',
      { default: 300_000, minimum: 1000, maximum: 3_600_000 },
    ),
    bodyTimeoutMs: integer('How long a response may stand still between two pieces of its content, in milliseconds.', {
      default: 300_000,
      minimum: 1000,
      maximum: 3_600_000,
    }),
    keepAliveTimeoutMs: integer(
      'How long an idle connection is kept, in milliseconds. Keep it below the idle timeout of the server (IIS: 120 s).',
      { default: 60_000, minimum: 1000, maximum: 3_600_000 },
    ),
    tunnelIdleTimeoutMs: integer(
      'How long nothing may pass through a WebSocket in either direction, in milliseconds; then it is closed.',
      { default: 3_600_000, minimum: 1000, maximum: 86_400_000 },
    ),
    identity: requiredSection(
      {
        kind: choice(['none', 'assertion', 'header', 'kerberos'], 'How the account is told to the upstream.'),
        assertion: Type.Optional(assertion),
        header: identityHeader,
        kerberos: Type.Optional(kerberosIdentity),
      },
      'Identity out: how the upstream learns who the user is. Personal access tokens and tokens of the server itself pass untouched in any case.',
    ),
  },
  'The server behind Torhaus.',
)

const requestRate = (description: string) =>
  Type.Optional(
    requiredSection(
      {
        perSecond: integer('Requests a second on average.', { minimum: 1, maximum: 1_000_000 }),
        burst: integer('Most requests at once.', { default: 100, minimum: 1, maximum: 1_000_000 }),
      },
      description,
    ),
  )

const shares = section(
  {
    unprovenBufferBytes: integer(
      'Content of a request of somebody who has not proven who they are is read so far before the request takes a connection to the server, in bytes. What is longer may hold one eighth of upstream.maxConnections.',
      { default: 65_536, minimum: 1024, maximum: 1_048_576 },
    ),
    unprovenBufferTotalBytes: integer('Most memory for that, per process, in bytes; above it 503.', {
      default: 33_554_432,
      minimum: 65_536,
      maximum: 4_294_967_296,
    }),
    requestsPerClient: requestRate(
      'Most requests of one client address (IPv6: of one /64), per process; above it 429. An office behind one address is one client. Without this section there is no limit.',
    ),
    requestsPerAccount: requestRate(
      'Most requests of one account, per process; above it 429. Without this section there is no limit.',
    ),
    unprovenMinRate: integer('As listener.minRequestRate and listener.minResponseRate, for these clients.', {
      default: 1024,
      minimum: 0,
      maximum: 1_000_000,
    }),
  },
  'How connections, queue and memory are shared, so that nobody takes everything. Not proven: requests without credentials, preflights, and tokens that only the server can judge, until it has accepted them once.',
)

const clientClass = choice([...clientClasses], 'Kind of client.')

const rule = requiredSection(
  {
    name: text('Short name; it appears in logs and metrics.', { pattern: '^[a-z0-9-]{1,40}$' }),
    reason: Type.Optional(
      text('Why: for those who read the configuration later. Required with `nothing` and `first-factor`.'),
    ),
    when: section(
      {
        path: Type.Optional(text('Regular expression that must match the whole path, without query.')),
        methods: list(text('Method, in capitals.', { pattern: '^[A-Z-]+$' }), 'Methods.', { default: [] }),
        gitOperation: Type.Optional(
          choice(['fetch', 'push'], 'Reading or writing a repository over the smart protocol of git.'),
        ),
        schemes: list(
          choice(
            ['none', 'session', 'bearer', 'pat', 'server-token', 'basic', 'negotiate', 'certificate'],
            'Kind of credentials; `certificate`: none, and listener.tls.clientCertificates.firstFactor says who it is.',
          ),
          'How the client presents itself.',
          { default: [] },
        ),
        clientClasses: list(
          clientClass,
          'Kinds of client. A client can say it is any kind: not good enough to let anyone pass without credentials.',
          { default: [] },
        ),
        networks: list(text('IP address or CIDR range.'), 'Client addresses.', { default: [] }),
        groups: list(
          text('Group or role.'),
          'Groups: whoever is in one of them, by the claims of the provider (`idToken.groups`, `accessToken.groups`), by groups.file, or, as SID, by a Kerberos ticket. Where nobody can say it (without groups.file, of personal access tokens, client certificates and accounts of the directory; of SIDs, without a ticket), a rule that asks for more fits, and one that asks for less does not.',
          { default: [] },
        ),
        account: Type.Optional(
          text(
            'Regular expression that must match the whole account, in any letter case. Nobody without an account fits.',
          ),
        ),
      },
      'What must be true of a request. Everything given must fit; nothing given fits every request.',
    ),
    require: choice(
      ['nothing', 'first-factor', 'second-factor', 'refuse'],
      '`nothing`: passes without credentials. `first-factor`: whoever has proven who they are. `second-factor`: as everybody else. `refuse`: nobody.',
    ),
    maxAgeSeconds: Type.Optional(
      integer(
        'With `second-factor`: how old the second factor may be, in seconds, in place of secondFactor.maxAgeSeconds.',
        { minimum: 10, maximum: 30 * DAY_S },
      ),
    ),
    acceptAcr: Type.Optional(
      list(text('acr value.'), 'With `second-factor`: only these, in place of what secondFactor accepts.', {
        minItems: 1,
      }),
    ),
    reportOnly: flag('Decide nothing: say in log and metrics what would have been refused, and read on.', false),
    allowLastingRights: flag(
      'What this rule lets pass may make tokens, keys and other credentials that last, as if secondFactor.lastingRights did not look at it.',
      false,
    ),
    allowIdentityChange: flag(
      'What this rule lets pass may make the server act as somebody else: `Sudo`, `Private-Token`, `Job-Token` and `Deploy-Token`, or the parameters `sudo`, `private_token`, `job_token` and `access_token`. Elsewhere they are refused.',
      false,
    ),
  },
  'One rule.',
)

const grants = section(
  {
    lifetimeSeconds: integer('How long a client passes after a person has confirmed, in seconds.', {
      default: 8 * HOUR_S,
      minimum: 60,
      maximum: 30 * DAY_S,
    }),
    requestLifetimeSeconds: integer('How long the link in a refusal is good, in seconds.', {
      default: 900,
      minimum: 60,
      maximum: DAY_S,
    }),
    confirmMaxAgeSeconds: integer(
      'Whoever confirms signs in anew for it. How old that second factor may be once the browser is back from the OP, in seconds.',
      { default: 900, minimum: 30, maximum: DAY_S },
    ),
    ipv4PrefixBits: integer('A grant holds for the network of the client: so many leading bits of an IPv4 address.', {
      default: 32,
      minimum: 8,
      maximum: 32,
    }),
    ipv6PrefixBits: integer('The same for IPv6 addresses.', { default: 64, minimum: 16, maximum: 128 }),
    gitPathSegments: integer(
      'For git and Git LFS a grant holds for repositories whose path begins as the one that was asked for: with so many segments. 0: for all; more than a path has: for that repository.',
      { default: 0, minimum: 0, maximum: 32 },
    ),
    pathSegments: integer(
      'For all other clients a grant holds for paths that begin as the one that was asked for: with so many segments. 0: for all.',
      { default: 2, minimum: 0, maximum: 32 },
    ),
    requireBinding: flag(
      'Let no grant count that carries no proof of ours. Switch it on lifetimeSeconds after the last instance of a version that did not write one: whoever can write to the store cannot make a grant any more.',
      false,
    ),
    scopeReportOnly: flag(
      'Let a grant hold for whatever its class of client sends, as it did once: say in log and metrics what would have been refused.',
      false,
    ),
  },
  'Grants: a client that cannot show a second factor (git, Visual Studio, scripts) is refused with a link; once a person has confirmed there, it passes for a time.',
)

const lastingRights = section(
  {
    products: list(
      choice(['azure-devops', 'bitbucket', 'gitea', 'gitlab'], 'Product.'),
      'Whose paths are looked at. None: nothing is, and tokens and keys are made like anything else.',
      { default: ['azure-devops', 'bitbucket', 'gitea', 'gitlab'] },
    ),
    maxAgeSeconds: integer(
      'How old the second factor of a person who makes a token, SSH key or OAuth application may be, in seconds. Half of that where a browser opens the page to make it.',
      { default: 900, minimum: 60, maximum: DAY_S },
    ),
    reportOnly: flag('Refuse nothing because of these: say in log and metrics what would have been refused.', false),
  },
  'What makes credentials that last (src/policy/lasting-rights/). Tokens, SSH keys and OAuth applications need a fresh second factor in a browser, or an access token that proves it: a personal access token makes none. For a grant, deploy keys, service hooks, members, runners and changes of accounts are refused as well.',
)

const secondFactor = requiredSection(
  {
    acceptAcr: list(text('acr value.'), 'A second factor is proven when `acr` is one of these.', { default: [] }),
    acceptAcrs: list(
      text('Authentication context.'),
      'A second factor is proven when `acrs` (Entra ID) contains one of these.',
      { default: [] },
    ),
    acceptAmr: list(
      text('amr value.'),
      'A second factor is proven when `amr` (RFC 8176) contains one of these, e.g. mfa, otp, hwk.',
      {
        default: [],
      },
    ),
    acceptTicket: section(
      {
        indicators: list(
          text('Authentication indicator.'),
          'Authentication indicators (RFC 8129) that the KDC puts into tickets of people who have signed in with two factors, e.g. otp, pkinit. MIT Kerberos, FreeIPA.',
          { default: [] },
        ),
        sids: list(
          text('SID.'),
          'SIDs in the PAC of such tickets: groups of authentication mechanism assurance (Active Directory adds them for a sign-in by certificate), S-1-18-5.',
          { default: [] },
        ),
      },
      'Kerberos tickets that prove two factors, in place of a sign-in at the OP. What each proves: docs/kerberos.md. The sign-in at the KDC is as old as maxAgeSeconds allows. A ticket that a service got for somebody (S4U) proves none.',
    ),
    maxAgeSeconds: integer(
      'How old the authentication (`auth_time`) may be, in seconds. A token without `auth_time` is refused. Sent as `max_age` at sign-in.',
      { default: 12 * HOUR_S, minimum: 60, maximum: 30 * DAY_S },
    ),
    rules: list(
      rule,
      'Read top to bottom; the first that fits decides. For what none fits, a second factor is required.',
      { default: [] },
    ),
    formMayNameMethod: flag(
      'The server takes the method of a form from its content (`_method`, as Rack does: GitLab). Torhaus does not read content: a rule on other methods than POST fits the POST of a form, too, and one that asks for less on POST does not. Switch it off for Azure DevOps, Bitbucket and Gitea where that refuses forms.',
      true,
    ),
    reportOnly: list(
      choice(
        ['git-operation', 'identity-change', 'method-override', 'path-readings', 'preflight'],
        'What is looked at. `git-operation`: Git LFS, the dumb protocol, `ssh-receive-pack`, doubled `service`. `identity-change`: see allowIdentityChange. `method-override`: fields, parameters and forms that name another method. `path-readings`: more readings of a path than one, and a slash at its end. `preflight`: rules that refuse, and content, cookies or overrides in preflights.',
      ),
      'Refuse nothing because of these: say in log and metrics what would have been refused.',
      { default: [] },
    ),
    grants,
    lastingRights,
    allowAgentTokenExchange: flag(
      'The built-in rule that lets `POST .../_apis/oauth2/token` pass without credentials: build agents exchange a signed assertion there.',
      true,
    ),
  },
  'What counts as a second factor. Any one of acceptAcr, acceptAcrs, acceptAmr is enough; at least one must be given. A missing claim is a refusal.',
)

const account = section(
  {
    fromPrincipal: choice(
      ['user', 'principal'],
      'The account of a Kerberos principal: its user part, or the whole `user@REALM`. An upstream with identity kind kerberos takes either.',
      'user',
    ),
    template: text(
      'The account, made from claims of the token in braces, e.g. `CORP\\{onpremisessamaccountname}`. A missing claim is a refusal; so is one that brings `\\`, `@` or `/` where the template has any of them, blanks at its ends, characters that are not seen, or that NFKC would change.',
      {
        default: '{preferred_username}',
      },
    ),
    pattern: text(
      'Regular expression that the whole account must match after filling in; anything else is refused. With a group named `account`, that group becomes the account.',
      { default: '[^\\x00-\\x20\\x7f]{1,256}' },
    ),
    fromSeveralProviders: flag(
      'With several providers: an account that two of them give is the same person. Otherwise each says in `accounts` which are its own, and what is not, or is of two, is refused.',
      false,
    ),
    case: choice(['keep', 'lower', 'upper'], 'Letter case of the account: of A to Z, other letters stay.', 'keep'),
    domains: list(
      text('NetBIOS or DNS name of the domain.', { pattern: '^[^\\\\@/\\s]+$' }),
      'Names of the one domain that accounts belong to, e.g. CORP and corp.example: `carol`, `CORP\\carol` and `carol@corp.example` are then one person. One in the template counts already. With the section kerberos, its realm and netbiosDomain say it instead.',
      { default: [] },
    ),
  },
  'How claims of the OP become the account at the server.',
)

const groups = section(
  {
    require: list(
      text('Group or role.'),
      'Who may pass at all: whoever is in one of these. Empty: everybody. Tokens of the server (serverTokenIssuers) are nobody, and not asked.',
      { default: [] },
    ),
    file: Type.Optional(
      file(
        'YAML file: a mapping of groups to lists of accounts, in whatever spelling. They count beside the claims of the OP, and are all there is for owners of personal access tokens and for Kerberos accounts; but a ticket names groups, too, as SIDs. Read again when it changes.',
      ),
    ),
  },
  'Groups and roles of people. Claims are read at sign-in, and again at each refresh (refreshIntervalSeconds).',
)

const redis = requiredSection(
  {
    urls: list(
      text(
        'rediss://HOST:PORT (TLS), or redis://HOST:PORT, which is for loopback, or for laboratories with allowPlainHttp.',
      ),
      'The server; with mode `sentinel` the sentinels, with mode `cluster` some nodes. No user, password or database in it.',
      { minItems: 1 },
    ),
    mode: choice(
      ['single', 'sentinel', 'cluster'],
      '`single`: one server. `sentinel`: the master that the sentinels name. `cluster`: Redis Cluster.',
      'single',
    ),
    masterName: Type.Optional(text('With mode `sentinel`: the name under which the sentinels know the master.')),
    username: Type.Optional(text('ACL user. Without it the password is that of the user `default`.')),
    passwordFile: Type.Optional(file('File with the password. Read again at each new connection.')),
    sentinelPasswordFile: Type.Optional(file('With mode `sentinel`: file with the password of the sentinels.')),
    tls: section(
      {
        caFile: Type.Optional(
          file('PEM file with the certificate authorities to trust, in place of the list that comes with Node.'),
        ),
        serverName: Type.Optional(
          text(
            'Name expected in the certificates, where it differs from the host; nodes of a cluster often give themselves by address.',
          ),
        ),
        certificateFile: Type.Optional(file('PEM file: client certificate, where Redis asks for one.')),
        privateKeyFile: Type.Optional(file('PEM file: its private key.')),
      },
      'TLS towards Redis, for rediss:// only. Certificates are always verified.',
    ),
    keyPrefix: text('What all keys and the channel begin with: one for each Torhaus on the same Redis.', {
      default: 'torhaus',
      pattern: '^[A-Za-z0-9_-]{1,40}$',
    }),
    connectTimeoutMs: integer('How long a connection may take to be ready, in milliseconds.', {
      default: 2000,
      minimum: 100,
      maximum: 60_000,
    }),
    commandTimeoutMs: integer(
      'How long one command may take, in milliseconds; after it the answer is 503, or what is known.',
      {
        default: 500,
        minimum: 50,
        maximum: 30_000,
      },
    ),
    graceSeconds: integer(
      'While Redis is away: how long what was read before is still believed, in seconds. Sessions that a process does not know, sign-in and sign-out are refused at once.',
      { default: 300, minimum: 0, maximum: 3600 },
    ),
  },
  'The shared store, for several machines: Redis 6.2 or later.',
)

const session = requiredSection(
  {
    idleTimeoutSeconds: integer('A session ends when it was not used for so long, in seconds.', {
      default: 2 * HOUR_S,
      minimum: 60,
      maximum: 30 * DAY_S,
    }),
    absoluteTimeoutSeconds: integer('A session ends so long after sign-in in any case, in seconds.', {
      default: 12 * HOUR_S,
      minimum: 60,
      maximum: 90 * DAY_S,
    }),
    maxSignInsInFlight: integer('Most sign-ins that one browser may have under way (tabs); the oldest is dropped.', {
      default: 8,
      minimum: 1,
      maximum: 50,
    }),
    signInTimeoutSeconds: integer('How long a person may take at the sign-in page of the OP, in seconds.', {
      default: 900,
      minimum: 30,
      maximum: DAY_S,
    }),
    cacheMs: integer(
      'How long a session read from the store is believed without asking again, in milliseconds: how late a sign-out on another worker may be noticed, where the workers do not tell each other. Where the store itself tells of changes (SQLite; one Redis), it is believed for a minute, as long as the store has answered that lately and says nothing of it.',
      { default: 1000, minimum: 0, maximum: 60_000 },
    ),
    maxCached: integer('Most sessions kept in memory per process, about 2 KB each.', {
      default: 100_000,
      minimum: 0,
      maximum: 1_000_000,
    }),
    sharedAs: Type.Optional(
      text(
        'Name under which instances on one store recognise each other: sessions of another name are not theirs. Default: issuer and publicUrl. Set it where instances of one company have several publicUrls, or before one of the two changes: otherwise everybody signs in again.',
      ),
    ),
    encryptionKeyFiles: list(
      file('File with 32 random bytes in base64, e.g. from `openssl rand -base64 32`.'),
      'Keys for tokens at rest (AES-256-GCM). The first encrypts, all decrypt, so that keys can be rotated.',
      { minItems: 1 },
    ),
    store: section(
      {
        kind: choice(
          ['sqlite', 'redis'],
          '`sqlite`: a file, shared by the workers of one machine. `redis`: a server, shared by several machines; see docs/redis.md.',
          'sqlite',
        ),
        redis: Type.Optional(redis),
        sqlite: section(
          {
            file: outputFile(
              'Database file; made when missing. All workers of one machine share it. Not used with kind `redis`. Where STATE_DIRECTORY is set, as systemd does, the default is in that folder.',
              STORE_FILE,
            ),
          },
          'The embedded store (SQLite, write-ahead log).',
        ),
      },
      'Where sessions are kept.',
    ),
  },
  'Browser sessions.',
)

const offeredScheme = choice(['Bearer', 'Basic', 'Negotiate'], 'Authentication scheme.')

const patPolicy = section(
  {
    refuseNewNetwork: flag(
      'Refuse a token from a network it was not used from before (the last 8 count; prefixes as in secondFactor.grants), once it is known for more than a day.',
      false,
    ),
    maxUnseenDays: Type.Optional(
      integer('Refuse a token that was not used for so many days.', { minimum: 1, maximum: 365 }),
    ),
    maxAgeDays: Type.Optional(
      integer('Refuse a token so many days after its first use that Torhaus saw.', { minimum: 1, maximum: 365 }),
    ),
    confirm: choice(
      ['never', 'first-use', 'new-network'],
      'When the owner of a token, as the server says, must confirm its use in a browser, with the second factor, once for the token and the network (prefixes as in secondFactor.grants). `first-use`: from every network. `new-network`: from networks that it was not used from before (the last 8 count); its first one is learned. Needs credentials.patProof.',
      'never',
    ),
    confirmExceptFrom: list(
      text('IP address or CIDR range.'),
      'Networks where confirm asks nobody, such as those of build agents.',
      { default: [] },
    ),
    reportOnly: flag('Refuse nothing by these: say in log and metrics what would have been refused.', true),
  },
  'What may speak against a personal access token beside the server. A token that its owner has blocked is refused in any case.',
)

const patProof = requiredSection(
  {
    profile: choice(
      ['azure-devops', 'bitbucket', 'gitea', 'gitlab'],
      'The product behind Torhaus: which read says whose a token is, and what the answers mean (docs/pats.md).',
    ),
    path: Type.Optional(
      text(
        'Path below which the API of the server lies. Default: `/DefaultCollection` for azure-devops (with IIS mostly `/tfs/DefaultCollection`), none for the others.',
        { pattern: '^(/[A-Za-z0-9._~-]+)+$' },
      ),
    ),
    off: flag('Show no token to the server beforehand: as without this section.', false),
    reportOnly: flag('Refuse nothing by these: say in log and metrics what would have been refused.', false),
    unreadable: choice(
      ['refuse', 'forward'],
      'What becomes of a token of which the server does not say whose it is: on Azure DevOps one that is forged, expired, revoked or of narrow scope; on Gitea and GitLab a live one of narrow scope, on GitLab also one of a deployment or job. `forward`: it passes unproven, and every made-up one with it on Azure DevOps.',
      'refuse',
    ),
    serverTokens: choice(
      ['prove', 'forward'],
      'What becomes of JWTs whose issuer is in credentials.serverTokenIssuers: anybody can write one that says so. `prove`: as personal access tokens, on azure-devops and gitea; on the others they pass unproven. `forward`: they pass unproven everywhere.',
      'prove',
    ),
    verdictSeconds: integer(
      'How long the server is believed about whose a token is, in seconds. A 401 of the server to the token ends it at once.',
      { default: 300, minimum: 10, maximum: HOUR_S },
    ),
    refusalSeconds: integer('How long it is believed that a token is not good, in seconds.', {
      default: 15,
      minimum: 1,
      maximum: 300,
    }),
    maxTokens: integer('Most tokens of which it is remembered whose they are, per process.', {
      default: 50_000,
      minimum: 100,
      maximum: 1_000_000,
    }),
    maxReadsPerNetwork: integer(
      'Most tokens not known before and not good that one client network may have the server asked about within a minute, per process: an IPv4 address, or an IPv6 /64; above it 429.',
      { default: 100, minimum: 1, maximum: 100_000 },
    ),
    maxReads: integer('The same for all networks together. Keep it below what the server bans for.', {
      default: 600,
      minimum: 1,
      maximum: 1_000_000,
    }),
    timeoutMs: integer('How long the server may take to say whose a token is, in milliseconds; after it 503.', {
      default: 10_000,
      minimum: 100,
      maximum: 60_000,
    }),
  },
  'A personal access token that is not known is shown to the server in a read of Torhaus, and opens nothing before the server has said whose it is. Without this section the shape alone lets it through to the server.',
)

const credentials = section(
  {
    realm: Type.Optional(text('Realm in challenges. Default: publicUrl.', { pattern: '^[\\x20-\\x7e\\xa0-\\xff]+$' })),
    offer: list(
      offeredScheme,
      'Schemes offered in a 401, one field line each, in this order. Build agents look for Bearer; git and NuGet for Basic. Offering Negotiate makes git drop a token typed as password: use offerRules.',
      { default: ['Bearer', 'Basic'], minItems: 1 },
    ),
    offerRules: list(
      requiredSection(
        {
          clientClasses: list(clientClass, 'Kinds of client it applies to. Empty: all.', { default: [] }),
          path: text('Regular expression that must match the path from its beginning.', { default: '/' }),
          offer: list(offeredScheme, 'Schemes offered then.', { minItems: 1 }),
        },
        'One rule.',
      ),
      'Other schemes for some clients and paths; the first rule that fits decides. It changes only what is offered, not what is accepted.',
      { default: [] },
    ),
    allowedOrigins: list(
      text('Origin: scheme, host and port.', { pattern: '^https?://[^/]+$' }),
      'Origins besides publicUrl whose pages may send what changes something, with credentials that browsers add by themselves (cookies, tickets, passwords). Empty: none; such requests get 403.',
      { default: [] },
    ),
    serverTokenIssuers: list(
      text('Issuer.'),
      'Values of `iss` of JWTs that the server itself issues (build agents, job tokens): passed through untouched, with credentials.patProof once the server has said whose they are.',
      { default: [] },
    ),
    personalAccessTokens: list(
      choice(['azure-devops', 'gitlab', 'gitea', 'bitbucket'], 'Shape of token.'),
      'The products whose personal access tokens are recognised, by shape and carrier (docs/pats.md), and passed through untouched. The server must refuse passwords in Basic, or a password of that shape would pass.',
      { default: ['azure-devops'] },
    ),
    patAccountField: Type.Optional(
      text(
        'Response field in which the server says whose token it was, as `name` or `id:name`; for Azure DevOps X-VSS-UserData. With it people see and block their own tokens at `/.torhaus/`.',
        { pattern: '^[A-Za-z0-9-]{1,64}$' },
      ),
    ),
    patPolicy,
    patProof: Type.Optional(patProof),
    keepCookiesBesideTokens: flag(
      'Cookies of the server, and signed requests and tickets, go along with a token of the server. The server then chooses who the request is from: a stolen cookie beside a made-up token may be enough.',
      false,
    ),
  },
  'Credentials that clients present.',
)

const logging = section(
  {
    auditFile: Type.Optional(
      outputFile(
        'File for the audit log, one JSON object a line, appended to. Without it audit records go to standard output with the others; `log.logger` tells them apart.',
      ),
    ),
    level: choice(
      ['trace', 'debug', 'info', 'warn', 'error'],
      'Least important level that is written. Torhaus has no records below `info`: what decides about a request, `logging.trace` tells.',
      'info',
    ),
    access: flag('One record per request.', true),
    accessForm: choice(
      ['ecs', 'compact'],
      'How the record of a request is written: with the names of the Elastic Common Schema, or with short ones and less than half as long, for who reads it by a program of their own (docs/operations.md, "Compact access records").',
      'ecs',
    ),
    trace: flag(
      'One more record per request, of level info: what each stage knew, added and decided. Values are shortened, and none is a secret. To find out why requests end as they do; it costs time and space with each.',
      false,
    ),
  },
  'Structured logs on standard output, one JSON object a line, with field names of the Elastic Common Schema.',
)

const tracing = requiredSection(
  {
    otlpUrl: text(
      'Where spans are sent: OTLP over HTTP, in JSON, e.g. http://127.0.0.1:4318/v1/traces. Of a collector on this machine; another one needs https.',
    ),
    sampleOneIn: integer(
      'One trace in so many that begin here is recorded. One that a peer of listener.trustedProxies began (traceparent) is recorded as it says.',
      { default: 100, minimum: 1, maximum: 1_000_000 },
    ),
  },
  'Spans for OpenTelemetry: one for each exchange, each stage, what OP, KDC and Redis are asked, and the request to the origin server, which is told its place in the trace (W3C Trace Context). Without this section there are none.',
)

const reload = section(
  {
    watchIntervalMs: integer(
      'How often this file and the files it names are looked at for changes, in milliseconds. 0: only SIGHUP and `torhaus reload` reload.',
      { default: 2000, minimum: 0, maximum: 3_600_000 },
    ),
  },
  'Reading the configuration again, and the certificates and keys with it, without a restart.',
)

const ownPages = section(
  {
    publicUrl: Type.Optional(
      text(
        'Origin of a host name for the pages of Torhaus alone, e.g. https://signin.devops.example.com; it leads to the same listener, and the certificate has both names. Recommended: scripts in pages of the server have another origin then. The OP must know it: callback and sign-out are there. Default: publicUrl. See docs/own-host.md.',
      ),
    ),
  },
  'The pages of Torhaus itself: sign-in, confirmation, personal page.',
)

const color = (description: string, byDefault: string) =>
  text(description, { default: byDefault, pattern: '^#[0-9a-fA-F]{6}$' })

const helpText = (description: string) => text(description, { pattern: '^[^\\x00-\\x08\\x0b-\\x1f\\x7f]{1,500}$' })

const appearance = section(
  {
    name: text('What stands at the head of each page and in its title: the name of your service.', {
      default: 'Torhaus',
      pattern: '^[^\\x00-\\x1f\\x7f]{1,60}$',
    }),
    logoFile: Type.Optional(
      file(
        'Picture in place of mark and name at the head of each page; the name is read out to those who do not see it. SVG without scripts, or PNG; at most 32 KiB. It is shown 2.5rem (40 px) high.',
      ),
    ),
    logoDarkFile: Type.Optional(file('The same for browsers that are set to dark, where the page is #1b222c.')),
    accentColor: color(
      'Colour of links and buttons, as #rrggbb. It is written on white, and must have a contrast of at least 4.5 (WCAG 2.2 1.4.3).',
      ACCENT.light,
    ),
    accentColorDark: color('The same for browsers that are set to dark: it is written on #1b222c.', ACCENT.dark),
    helpText: Type.Optional(
      helpText(
        'What stands at the foot of each page: whom to ask, and what to tell them. Plain text, of at most 500 characters.',
      ),
    ),
    helpUrl: Type.Optional(
      text('Where the help desk is: an https, http or mailto URL. Without it no page has a link there.'),
    ),
    languages: list(
      requiredSection(
        {
          tag: text('Tag of the language (BCP 47), e.g. fr or pt-BR.', {
            pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$',
          }),
          file: Type.Optional(
            file(
              'YAML file: a mapping of keys to texts, as docs/texts.yaml has them. What is not in it is said in English; for de, as Torhaus says it in German.',
            ),
          ),
          helpText: Type.Optional(helpText('In place of appearance.helpText for whoever reads this language.')),
        },
        'One language.',
      ),
      'Languages that the pages are in besides English and German. Browsers say which one their reader wants (Accept-Language).',
      { default: [] },
    ),
  },
  'How the pages of Torhaus look to people: sign-in, refusals, confirmation, personal page (docs/appearance.md).',
)

const hsts = section(
  {
    maxAgeSeconds: integer(
      'For how long browsers ask for this host over https alone, in seconds, each response anew. 0: they forget it. Raise it once nothing of this host name, on any port, needs http: 31536000 is a year.',
      { default: 86_400, minimum: 0, maximum: 63_072_000 },
    ),
    includeSubDomains: flag('The same for every host name below that of publicUrl, whoever runs it.', false),
    off: flag(
      'Send nothing of it, e.g. where a balancer in front does. What the origin server sends passes then.',
      false,
    ),
  },
  'Strict-Transport-Security (RFC 6797), where publicUrl is https and names a host. It takes the place of that of the origin server.',
)

export const configSchema = requiredSection(
  {
    publicUrl: text('Origin that users type and see: scheme, host and port, no path. Redirects and cookies follow it.'),
    allowPlainHttp: flag(
      'Allow publicUrl and issuers to be http, and Redis to be without TLS, for hosts other than loopback. Passwords and cookies then travel in the clear: for laboratories only.',
      false,
    ),
    ownPages,
    appearance,
    hsts,
    listener,
    admin,
    upstream,
    shares,
    oidc: Type.Optional(provider),
    providers: Type.Optional(providers),
    kerberos: Type.Optional(kerberos),
    secondFactor,
    account,
    groups,
    session,
    credentials,
    logging,
    tracing: Type.Optional(tracing),
    reload,
  },
  'Torhaus configuration.',
)

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** The whole configuration, checked, with defaults filled in and file names absolute. */
export type Config = DeepReadonly<Static<typeof configSchema>>

/** One OpenID Provider, written as `oidc` or below `providers`. */
export type ProviderSettings = NonNullable<Config['oidc']>
