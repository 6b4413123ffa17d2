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

/** The options for a certificate of Torhaus: PEM files or a PKCS#12 archive. */
const ownCertificate = (certificate: string) => ({
  certificateFile: Type.Optional(file(`PEM file: ${certificate}, followed by its chain.`)),
  privateKeyFile: Type.Optional(file('PEM file: the private key of the certificate.')),
  privateKeyPasswordFile: Type.Optional(
    file('File with the password of the private key, on one line, if the key is encrypted.'),
  ),
  pkcs12File: Type.Optional(
    file(
      'PKCS#12 archive (.pfx, .p12) with certificate, chain and key, instead of certificateFile and privateKeyFile.',
    ),
  ),
  pkcs12PasswordFile: Type.Optional(file('File with the password of pkcs12File, on one line.')),
})

const clientCertificates = requiredSection(
  {
    mode: choice(
      ['request', 'require'],
      'Whether a client without a certificate is refused (`require`) or treated as if this section did not exist (`request`). A client that presents an invalid certificate is always refused. Logout messages from the OP, the key set and the self-test need no certificate.',
      'require',
    ),
    caFile: file(
      'PEM file with the certificate authorities that issue client certificates: the roots, and any intermediates that clients do not send.',
    ),
    crlFile: Type.Optional(
      file(
        'PEM file with the certificate revocation lists (RFC 5280) of every authority between root and client, including the root. Once a list is past its next update, certificates from that authority are refused. Without this file, revocation is not checked.',
      ),
    ),
    accountFrom: list(
      choice(['upn', 'mail', 'common-name'], 'Part of the certificate.'),
      'Which part of the certificate names the account; the first of these that is present is used. `upn`: the user principal name in the subject alternative names (smart cards of a Windows domain). `mail`: an e-mail address in the subject alternative names. `common-name`: the common name of the subject. The person, or the owner of the token, must then be that account. Empty: certificates are not tied to accounts.',
      { default: [] },
    ),
    accountPattern: text(
      'Regular expression that must match the whole name. A group named `account` extracts the account, e.g. `(?<account>[^@]+)@corp\\.example`.',
      { default: '.+' },
    ),
    firstFactor: flag(
      'If a client sends no other credentials, its certificate identifies the person: one factor, like a Kerberos ticket. Needs accountFrom.',
      false,
    ),
  },
  'Client certificates (mutual TLS, smart cards), as a requirement in addition to all others. Torhaus sees them only if it terminates TLS itself: behind a balancer that does, this section cannot be used. Certificates in request fields are never trusted.',
)

const listener = section(
  {
    host: text('Address that Torhaus listens on. Use 0.0.0.0 or :: only behind a firewall or a balancer.', {
      default: '127.0.0.1',
    }),
    port: integer(
      'TCP port. The environment variable HTTP_PLATFORM_PORT (IIS HttpPlatformHandler), or else PORT, overrides it.',
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
            'Which TLS versions, cipher suites and groups are accepted, following version 6.0 of Mozilla\'s guidelines (docs/operations.md, "TLS"). `intermediate`: TLS 1.2 and 1.3. `modern`: TLS 1.3 only.',
            'intermediate',
          ),
          sessionTicketKeyFile: Type.Optional(
            file(
              'File with 32 random bytes in base64 (`openssl rand -base64 32`), the same on every instance, so that clients can resume TLS sessions on any of them. Without it, they can resume them only on the workers of the same machine. Anyone who obtains this key can decrypt recorded TLS 1.2 connections, so replace it regularly (docs/keys.md).',
            ),
          ),
          clientCertificates: Type.Optional(clientCertificates),
        },
        'Serve TLS. Without this section, the listener speaks plain HTTP, for use behind a balancer that terminates TLS.',
      ),
    ),
    hostNames: list(
      text('Host name or address, without port.', { pattern: '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+)$' }),
      'Host names that clients may use in addition to those of publicUrl and ownPages.publicUrl. A request for any other host gets 421. Redirects always lead to publicUrl.',
      { default: [] },
    ),
    trustedProxies: list(
      text('IP address or CIDR range.'),
      'Peers whose forwarded field and request id are trusted. Empty: none. IPv4-mapped IPv6 addresses are matched as IPv4.',
      { default: [] },
    ),
    forwardedField: choice(
      ['X-Forwarded-For', 'Forwarded'],
      'The field in which trusted proxies send the client address: X-Forwarded-For or Forwarded (RFC 7239). The other one is ignored.',
      'X-Forwarded-For',
    ),
    proxyProtocol: flag(
      'Connections from trusted proxies must begin with a PROXY protocol header (version 1 or 2) that carries the client address; those without one are closed. The header is not accepted from other peers.',
      false,
    ),
    keepAliveTimeoutMs: integer(
      'How long an idle client connection is kept open, in milliseconds. Set it higher than the idle timeout of the balancer in front.',
      {
        default: 75_000,
        minimum: 1000,
        maximum: 3_600_000,
      },
    ),
    handshakeTimeoutMs: integer(
      'How long a TLS handshake may take, in milliseconds, before the connection is closed.',
      {
        default: 10_000,
        minimum: 1000,
        maximum: 120_000,
      },
    ),
    maxConnections: Type.Optional(
      integer(
        'Maximum number of client connections per worker, including WebSockets. When another one arrives, the connection that has been idle longest is closed, or one from an unidentified client that is holding back its content; if there is none, the new one is closed. Default and upper limit: what the file descriptor limit (ulimit -n) leaves after maxTunnels and upstream.maxConnections. Where that limit is small, each of these two is lowered to a quarter of it, and upstream.maxQueued is lowered to make room for waiting requests.',
        { minimum: 8, maximum: 1_000_000 },
      ),
    ),
    headersTimeoutMs: integer('How long a client may take to send the head of a request, in milliseconds.', {
      default: 60_000,
      minimum: 1000,
      maximum: 600_000,
    }),
    idleTimeoutMs: integer(
      'How long a client connection with a request in flight may be silent in both directions, in milliseconds. The total duration is not limited, because a push may take hours. Set it higher than upstream.headersTimeoutMs.',
      { default: 600_000, minimum: 1000, maximum: 86_400_000 },
    ),
    minRequestRate: integer(
      'Minimum average rate at which a client must send the content of a request, in bytes per second; a slower one gets 408. 0: no minimum. Time spent waiting for the server to accept content does not count.',
      { default: 240, minimum: 0, maximum: 1_000_000 },
    ),
    minResponseRate: integer(
      'Minimum rate at which a client must read a response, in bytes per second; the connection of a slower one is closed. It applies only while the client is behind, so event streams and WebSockets may be silent. 0: no minimum.',
      { default: 240, minimum: 0, maximum: 1_000_000 },
    ),
    rateGraceMs: integer('How long content may stall before these minimum rates apply, in milliseconds.', {
      default: 15_000,
      minimum: 1000,
      maximum: 600_000,
    }),
    maxHeaderBytes: integer(
      'Maximum size of a request head, in bytes; a larger one gets 431. The Kerberos token of a user in many groups can need 64 KiB in base64.',
      { default: 131_072, minimum: 16_384, maximum: 1_048_576 },
    ),
    maxHeaderFields: integer('Maximum number of field lines in a request; a request with more gets 431.', {
      default: 200,
      minimum: 20,
      maximum: 1900,
    }),
    maxTunnels: integer(
      'Maximum number of open WebSockets per process; further ones get 503. 0: WebSockets are not allowed. They do not count towards upstream.maxConnections.',
      { default: 10_000, minimum: 0, maximum: 1_000_000 },
    ),
    workers: Type.Optional(
      integer('Number of worker processes. Default: one per processor core.', { minimum: 1, maximum: 256 }),
    ),
    drainDelayMs: integer(
      'After SIGTERM: how long new requests are still accepted once /readyz answers 503, in milliseconds. Set it higher than the time the balancer needs to notice. Ctrl-C (SIGINT) skips this delay.',
      { default: 5000, minimum: 0, maximum: 600_000 },
    ),
    drainTimeoutMs: integer(
      'After SIGTERM or a reload: how long requests in flight may take to finish, in milliseconds.',
      {
        default: 300_000,
        minimum: 0,
        maximum: 86_400_000,
      },
    ),
    maxDrainingReloads: integer(
      'For how many past reloads the old workers may still be finishing their requests (for drainTimeoutMs at most). At one more reload, the oldest of these workers are stopped and their requests are cut off. Each set of old workers is as many processes, and can need as much memory, as the current one.',
      { default: 3, minimum: 1, maximum: 50 },
    ),
  },
  'The listener for clients.',
)

const kerberos = requiredSection(
  {
    realm: text('Kerberos realm of the directory, e.g. CORP.EXAMPLE.'),
    kdcs: list(
      text('Host name or address of a KDC, with :port if it is not 88.'),
      'The KDCs, the preferred one first. Default: those in krb5.conf (krb5ConfigFile) or, if it names none, those in the DNS SRV records _kerberos._tcp of the realm.',
      { default: [] },
    ),
    replayCacheDirectory: Type.Optional(
      outputFile(
        'Directory for the replay cache, shared by all workers and writable only by the account that runs Torhaus. Default: torhaus-replay-UID in KRB5RCACHEDIR, in STATE_DIRECTORY (set by systemd) or in the temporary directory. On Windows: torhaus-replay in KRB5RCACHEDIR or in LOCALAPPDATA.',
      ),
    ),
    netbiosDomain: Type.Optional(text('NetBIOS name of the domain, for accounts written CORP\\alice.')),
    upnSuffixes: list(
      text('Suffix of user principal names, e.g. other.example.', { pattern: '^[A-Za-z0-9._-]+$' }),
      'UPN suffixes of this directory (userPrincipalName) in addition to the realm. Torhaus asks the KDC which account such a name belongs to, and then uses the name of that account (sAMAccountName) in sessions, rules and logs. A name with any other suffix is refused.',
      { default: [] },
    ),
    trustedRealms: list(
      requiredSection(
        {
          realm: text('Kerberos realm, e.g. PARTNER.EXAMPLE.'),
          netbiosDomain: Type.Optional(text('NetBIOS name of its domain, for accounts written PARTNER\\ada.')),
          kdcs: list(
            text('Host name or address of a KDC, with :port if it is not 88.'),
            'The KDCs of this realm, the preferred one first. Default: as for kerberos.kdcs.',
            { default: [] },
          ),
          acceptTicket: flag(
            'Tickets of people from this realm may prove two factors as well, by what secondFactor.acceptTicket lists. How a person signed in is then taken on the word of the KDCs of this realm; which of its SIDs are accepted is decided by the KDCs of our own realm (SID filtering, MS-PAC 4.1.2.2).',
            false,
          ),
        },
        'A realm.',
      ),
      'Realms that the directory trusts and whose accounts may use Torhaus as well. Their accounts always carry the full name, `ada@PARTNER.EXAMPLE`. Any other realm is neither contacted nor trusted, even if a KDC refers to it.',
      { default: [] },
    ),
    keytabFile: file('Keytab with the keys of acceptPrincipal and servicePrincipal. Read again when it changes.'),
    acceptPrincipal: Type.Optional(
      text('Service principal that clients get tickets for. Default: HTTP/ followed by the host of publicUrl.'),
    ),
    acceptAliases: Type.Optional(
      list(
        text('Service principal, e.g. HTTP/devops, or `HTTP/*`.', {
          pattern: '^(HTTP/\\*|[^/@*\\s]+/[^/@*\\s]+(@[^/@*\\s]+)?)$',
        }),
        'Additional service principals that clients may get tickets for, such as the short name that people type. Each needs an AES key in the keytab. `HTTP/*`: every HTTP name of the realm for which the keytab has keys.',
      ),
    ),
    servicePrincipal: text(
      'Account that Torhaus signs in with and that is allowed to delegate (with protocol transition), e.g. svc-torhaus.',
    ),
    krb5ConfigFile: Type.Optional(
      file(
        'krb5.conf to read KDCs from if kdcs is empty, instead of the file named by KRB5_CONFIG, or /etc/krb5.conf. It is read at start and at each reload; everything else in it is ignored.',
      ),
    ),
    channelBindings: choice(
      ['accept', 'require', 'ignore'],
      'With listener.tls: whether a ticket must be bound to this TLS connection (channel binding tls-server-end-point, RFC 5929; "Extended Protection"), so that an attacker who lures a client to another server cannot relay its ticket. `accept`: a ticket bound to another certificate is refused, one without a binding is accepted; the binding is not checked if a peer in listener.trustedProxies forwards the request, because that peer terminated TLS. `require`: the ticket must be bound to the certificate of Torhaus, whoever forwards the request. `ignore`: the binding is not checked.',
      'accept',
    ),
    recheckSeconds: integer(
      'How often Torhaus asks the KDC for a new ticket for an account in use, in seconds; this takes two requests to the KDC. A disabled account is refused after this time at the latest, provided that a KDC answers.',
      { default: 300, minimum: 10, maximum: 36_000 },
    ),
    kdcTimeoutMs: integer('How long a request waits for the KDC, in milliseconds.', {
      default: 5000,
      minimum: 100,
      maximum: 60_000,
    }),
    kdcFailureThreshold: integer(
      'Number of consecutive failures that open the circuit: the KDC is then not asked for kdcPauseMs.',
      {
        default: 3,
        minimum: 1,
        maximum: 100,
      },
    ),
    kdcPauseMs: integer('How long the circuit stays open before the KDC is tried again, in milliseconds.', {
      default: 5000,
      minimum: 100,
      maximum: 600_000,
    }),
    maxPrincipals: integer(
      'Maximum number of accounts whose tickets are kept. The least recently used is dropped first.',
      {
        default: 10_000,
        minimum: 1,
        maximum: 1_000_000,
      },
    ),
    passwords: section(
      {
        accept: flag('Accept directory passwords in Basic. They are checked at the KDC and never forwarded.', false),
        verdictSeconds: integer(
          'How long the result of a password check is remembered, in seconds. A changed password can still work for this long.',
          { default: 300, minimum: 0, maximum: 3600 },
        ),
        maxFailuresPerAccount: integer(
          'Maximum number of wrong passwords for one account; the count starts again after failureWindowSeconds without a wrong one, as it does in directories. The sum of this and reservedFailuresPerAccount must stay below the lockout threshold of the directory. All processes that share a store count together.',
          { default: 3, minimum: 1, maximum: 1000 },
        ),
        reservedFailuresPerAccount: integer(
          'Additional wrong passwords for one account, beyond maxFailuresPerAccount, that are allowed only from networks where its password was correct within provenNetworkSeconds, so that strangers who guess passwords do not lock the owner out. Keep the sum of both below the lockout threshold of the directory. 0: no exception.',
          { default: 1, minimum: 0, maximum: 1000 },
        ),
        provenNetworkSeconds: integer(
          'How long a network (an IPv4 address, or the IPv6 network of ipv6PrefixBits) gets reservedFailuresPerAccount after a correct password for the account from there, in seconds. 0: no exception.',
          { default: 604_800, minimum: 0, maximum: 30 * DAY_S },
        ),
        ipv6PrefixBits: integer(
          'IPv6 addresses that share this many leading bits count as one client address, because a host can choose any address in its /64.',
          { default: 64, minimum: 16, maximum: 128 },
        ),
        maxFailuresPerAddress: integer(
          'Maximum number of wrong passwords from one client address within failureWindowSeconds.',
          {
            default: 20,
            minimum: 1,
            maximum: 100_000,
          },
        ),
        failureWindowSeconds: integer(
          'Window for these limits, in seconds. Make it at least as long as the directory takes to reset its own counter after a wrong password.',
          { default: 1800, minimum: 1, maximum: DAY_S },
        ),
      },
      'Directory passwords in Basic.',
    ),
    implementation: Type.Optional(
      choice(
        ['native', 'gssapi'],
        'Obsolete. `native` is the only implementation, so the option can be removed; `gssapi` is refused.',
      ),
    ),
    maxKdcCalls: Type.Optional(
      integer('Obsolete: it was for libgssapi, has no effect, and can be removed.', { minimum: 1, maximum: 32 }),
    ),
  },
  'Kerberos: Negotiate and directory passwords from clients, constrained delegation to the server. Needs no Kerberos software on the system.',
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
      'Host names that clients of the admin listener may use in addition to IP addresses and localhost. A request for any other host gets 421.',
      { default: [] },
    ),
    credentialFile: Type.Optional(
      file(
        'File with the credential for /metrics, for the details in /readyz and for /operator, sent as a Bearer token or as the Basic password; at least 20 characters, e.g. from `openssl rand -base64 32`. Without it, the listener must be on loopback, anyone who reaches it can read metrics and details, and there is no /operator page.',
      ),
    ),
    tls: Type.Optional(
      requiredSection(
        {
          ...ownCertificate('the certificate'),
        },
        'Serve TLS on the admin listener. Without this section, the credential can be read by anyone who sees the traffic.',
      ),
    ),
    traceOneIn: integer(
      'For the page /operator: one exchange in this many is traced in full while it runs, whatever its outcome. 1: every exchange. 0: none. Refusals and faults are shown without tracing, too, except for the time each stage took. Tracing slows down each exchange that is traced.',
      { default: 0, minimum: 0, maximum: 1_000_000 },
    ),
  },
  'The admin listener: /metrics, /livez, /readyz and the page /operator.',
)

const assertion = requiredSection(
  {
    field: text('Field that carries the assertion.', { default: 'X-Torhaus-Assertion' }),
    audience: text('The `aud` of the assertion: what the upstream server calls itself.'),
    lifetimeSeconds: integer('Lifetime of an assertion, in seconds. Each process reuses an assertion for half of it.', {
      default: 300,
      minimum: 10,
      maximum: 600,
    }),
    signingKeyFiles: list(
      file('PEM file (PKCS#8): an EC private key on P-256.'),
      'The first key signs; all are published at /.torhaus/jwks.json, so that keys can be rotated.',
      { minItems: 1 },
    ),
  },
  'For kind `assertion`: a short-lived ES256 JWT (RFC 7519) whose `sub` is the account.',
)

const identityHeader = section(
  { field: text('Field that carries the account.', { default: 'X-Forwarded-User' }) },
  'For kind `header`: the account in a plain field, as Gitea and GitLab read it. The upstream must accept this field only from Torhaus.',
)

const kerberosIdentity = requiredSection(
  {
    targetPrincipal: text('Service principal of the server, e.g. HTTP/devops.corp.example.'),
    authenticatesConnections: flag(
      'The server authenticates the connection rather than each request (IIS with authPersistNonNTLM), so Torhaus sends one token per connection. Either way, a connection is only used for one account.',
      false,
    ),
  },
  'For kind `kerberos`: Torhaus authenticates to the server as the account, by constrained delegation (MS-SFU).',
)

const upstream = requiredSection(
  {
    url: text('Origin of the server behind Torhaus: scheme, host and port, no path.'),
    host: choice(
      ['public', 'upstream'],
      'Which Host the server receives: that of publicUrl, or that of upstream.url. What the client sent is never passed on.',
      'public',
    ),
    tls: section(
      {
        caFile: Type.Optional(
          file(
            'PEM file with the certificate authorities to trust for the upstream, instead of those that Node trusts (docs/operations.md, "Which authorities are trusted").',
          ),
        ),
        serverName: Type.Optional(
          text('Name expected in the certificate, if it differs from the host of upstream.url.'),
        ),
        ...ownCertificate('client certificate, if the upstream asks for one'),
      },
      'TLS to the upstream. Its certificate is always verified.',
    ),
    maxConnections: integer('Maximum number of TCP connections to the upstream. Further requests wait in a queue.', {
      default: 512,
      minimum: 1,
      maximum: 20_000,
    }),
    maxQueued: integer('Maximum number of requests waiting for a connection; further ones get 503.', {
      default: 10_000,
      minimum: 0,
      maximum: 1_000_000,
    }),
    queueTimeoutMs: integer(
      'How long a request may wait for a connection before it gets 503, in milliseconds. Clients with few requests in flight are served first.',
      { default: 30_000, minimum: 100, maximum: 600_000 },
    ),
    connectTimeoutMs: integer('How long opening a connection (TCP and TLS) may take, in milliseconds.', {
      default: 10_000,
      minimum: 100,
      maximum: 120_000,
    }),
    headersTimeoutMs: integer(
      'How long the upstream may take from the last byte of the request to the head of its response, in milliseconds.',
      { default: 300_000, minimum: 1000, maximum: 3_600_000 },
    ),
    bodyTimeoutMs: integer('How long the upstream may pause between two pieces of response content, in milliseconds.', {
      default: 300_000,
      minimum: 1000,
      maximum: 3_600_000,
    }),
    keepAliveTimeoutMs: integer(
      'How long an idle connection is kept open, in milliseconds. Set it lower than the idle timeout of the server (IIS: 120 s).',
      { default: 60_000, minimum: 1000, maximum: 3_600_000 },
    ),
    tunnelIdleTimeoutMs: integer(
      'How long a WebSocket may be silent in both directions before it is closed, in milliseconds.',
      { default: 3_600_000, minimum: 1000, maximum: 86_400_000 },
    ),
    identity: requiredSection(
      {
        kind: choice(['none', 'assertion', 'header', 'kerberos'], 'How Torhaus tells the upstream the account.'),
        assertion: Type.Optional(assertion),
        header: identityHeader,
        kerberos: Type.Optional(kerberosIdentity),
      },
      'How the upstream learns who the user is. Personal access tokens and tokens issued by the server itself are always forwarded unchanged.',
    ),
  },
  'The server behind Torhaus.',
)

const requestRate = (description: string) =>
  Type.Optional(
    requiredSection(
      {
        perSecond: integer('Average number of requests per second.', { minimum: 1, maximum: 1_000_000 }),
        burst: integer('Maximum number of requests at once.', { default: 100, minimum: 1, maximum: 1_000_000 }),
      },
      description,
    ),
  )

const shares = section(
  {
    unprovenBufferBytes: integer(
      'How much content of a request from a client without a proven identity is buffered before the request takes a connection to the server, in bytes. Requests with more content than this may together hold one eighth of upstream.maxConnections.',
      { default: 65_536, minimum: 1024, maximum: 1_048_576 },
    ),
    unprovenBufferTotalBytes: integer(
      'Maximum memory for these buffers per process, in bytes; beyond it, requests get 503.',
      {
        default: 33_554_432,
        minimum: 65_536,
        maximum: 4_294_967_296,
      },
    ),
    requestsPerClient: requestRate(
      'Rate limit per client address (IPv6: per /64) and process; requests beyond it get 429. An office behind one address counts as one client. Without this section, there is no limit.',
    ),
    requestsPerAccount: requestRate(
      'Rate limit per account and process; requests beyond it get 429. Without this section, there is no limit.',
    ),
    unprovenMinRate: integer(
      'Replaces listener.minRequestRate and listener.minResponseRate for clients without a proven identity, in bytes per second.',
      {
        default: 1024,
        minimum: 0,
        maximum: 1_000_000,
      },
    ),
  },
  'How connections, the queue and memory are shared, so that no client can take everything. The identity is not proven for requests without credentials, for preflights, and for tokens that only the server can check, until it has accepted them once.',
)

const clientClass = choice([...clientClasses], 'Kind of client.')

const rule = requiredSection(
  {
    name: text('Short name; it appears in logs and metrics.', { pattern: '^[a-z0-9-]{1,40}$' }),
    reason: Type.Optional(
      text('Why the rule exists, for later readers of the configuration. Required with `nothing` and `first-factor`.'),
    ),
    when: section(
      {
        path: Type.Optional(text('Regular expression that must match the whole path, without the query.')),
        methods: list(text('Method, in upper case.', { pattern: '^[A-Z-]+$' }), 'Request methods.', { default: [] }),
        gitOperation: Type.Optional(
          choice(
            ['fetch', 'push'],
            "Reading (`fetch`) or writing (`push`) a repository over git's smart HTTP protocol.",
          ),
        ),
        schemes: list(
          choice(
            ['none', 'session', 'bearer', 'pat', 'server-token', 'basic', 'negotiate', 'certificate'],
            'Kind of credentials. `certificate`: no credentials, but identified by listener.tls.clientCertificates.firstFactor.',
          ),
          'Kinds of credentials.',
          { default: [] },
        ),
        clientClasses: list(
          clientClass,
          'Kinds of client. A client can claim to be any kind, so this alone is not enough to let anyone pass without credentials.',
          { default: [] },
        ),
        networks: list(text('IP address or CIDR range.'), 'Client addresses.', { default: [] }),
        groups: list(
          text('Group or role.'),
          'Groups, any of which is enough. Membership comes from the claims of the provider (`idToken.groups`, `accessToken.groups`), from groups.file or, for SIDs, from a Kerberos ticket. If membership cannot be determined (without groups.file: for personal access tokens, client certificates and directory accounts; without a ticket: for SIDs), a rule that asks for more matches, and a rule that asks for less does not.',
          { default: [] },
        ),
        account: Type.Optional(
          text(
            'Regular expression that must match the whole account, ignoring case. It never matches a request without an account.',
          ),
        ),
      },
      'Conditions on a request, all of which must hold. Without conditions, every request matches.',
    ),
    require: choice(
      ['nothing', 'first-factor', 'second-factor', 'refuse'],
      'What a matching request needs in order to pass. `nothing`: no credentials. `first-factor`: proof of who they are. `second-factor`: a second factor, as without a rule. `refuse`: it never passes.',
    ),
    maxAgeSeconds: Type.Optional(
      integer(
        'With `second-factor`: how old the second factor may be, in seconds, instead of secondFactor.maxAgeSeconds.',
        { minimum: 10, maximum: 30 * DAY_S },
      ),
    ),
    acceptAcr: Type.Optional(
      list(text('acr value.'), 'With `second-factor`: accept only these, instead of what secondFactor accepts.', {
        minItems: 1,
      }),
    ),
    reportOnly: flag(
      'Do not enforce this rule: report in the log and metrics what it would have refused, and continue with the next rule.',
      false,
    ),
    allowLastingRights: flag(
      'Requests that this rule lets pass are exempt from secondFactor.lastingRights: they may create tokens, keys and other lasting credentials.',
      false,
    ),
    allowIdentityChange: flag(
      'Requests that this rule lets pass may make the server act as another user: with the fields `Sudo`, `Private-Token`, `Job-Token` and `Deploy-Token`, or the parameters `sudo`, `private_token`, `job_token`, `access_token` and `oauth_signature`; beside credentials of a person also with a token of Gitea or GitLab in the parameter `token` or the field `X-NuGet-ApiKey`. All other requests with these are refused.',
      false,
    ),
  },
  'One rule.',
)

const grants = section(
  {
    lifetimeSeconds: integer('How long a grant is valid after a person has confirmed it, in seconds.', {
      default: 8 * HOUR_S,
      minimum: 60,
      maximum: 30 * DAY_S,
    }),
    requestLifetimeSeconds: integer('How long the confirmation link in a refusal is valid, in seconds.', {
      default: 900,
      minimum: 60,
      maximum: DAY_S,
    }),
    confirmMaxAgeSeconds: integer(
      'To confirm, a person has to sign in again. How old the second factor of that sign-in may be when the browser returns from the OP, in seconds.',
      { default: 900, minimum: 30, maximum: DAY_S },
    ),
    ipv4PrefixBits: integer(
      'A grant is limited to the network of the client: this many leading bits of its IPv4 address.',
      {
        default: 32,
        minimum: 8,
        maximum: 32,
      },
    ),
    ipv6PrefixBits: integer('The same for IPv6 addresses.', { default: 64, minimum: 16, maximum: 128 }),
    gitPathSegments: integer(
      'For git and Git LFS, a grant covers the repositories whose paths share this many leading segments with the requested one. 0: all repositories. More than the path has: only the requested repository.',
      { default: 0, minimum: 0, maximum: 32 },
    ),
    pathSegments: integer(
      'For all other clients, a grant covers the paths that share this many leading segments with the requested one. 0: all paths.',
      { default: 2, minimum: 0, maximum: 32 },
    ),
    requireBinding: flag(
      'Accept only grants that carry a proof made by Torhaus, so that write access to the store is not enough to create a grant. Turn it on lifetimeSeconds after the last instance of a version that wrote no such proof has been replaced.',
      false,
    ),
    scopeReportOnly: flag(
      'Do not enforce what a grant covers: let it pass everything that its kind of client sends, and report in the log and metrics what would have been refused.',
      false,
    ),
  },
  'Grants: a client that cannot present a second factor (git, Visual Studio, scripts) is refused with a link. Once a person has confirmed there, the client may pass for a limited time.',
)

const lastingRights = section(
  {
    products: list(
      choice(['azure-devops', 'bitbucket', 'gitea', 'gitlab'], 'Product.'),
      'Products whose paths are checked. Empty: creating tokens and keys is treated like any other request.',
      { default: ['azure-devops', 'bitbucket', 'gitea', 'gitlab'] },
    ),
    maxAgeSeconds: integer(
      'How old the second factor of a person who creates a token, an SSH key or an OAuth application may be, in seconds. When a browser opens the page for it, half of that.',
      { default: 900, minimum: 60, maximum: DAY_S },
    ),
    reportOnly: flag('Do not refuse such requests: report in the log and metrics what would have been refused.', false),
  },
  'Requests that create lasting credentials (src/policy/lasting-rights/). To create a token, an SSH key or an OAuth application, a client needs a fresh second factor in a browser, or an access token that proves one; a personal access token is not enough. With a grant, deploy keys, service hooks, members, runners and changes to accounts are refused as well.',
)

const secondFactor = requiredSection(
  {
    acceptAcr: list(text('acr value.'), 'A second factor is proven if `acr` is one of these.', { default: [] }),
    acceptAcrs: list(
      text('Authentication context.'),
      'A second factor is proven if `acrs` (Entra ID) contains one of these.',
      { default: [] },
    ),
    acceptAmr: list(
      text('amr value.'),
      'A second factor is proven if `amr` (RFC 8176) contains one of these, e.g. mfa, otp, hwk.',
      {
        default: [],
      },
    ),
    acceptTicket: section(
      {
        indicators: list(
          text('Authentication indicator.'),
          'Authentication indicators (RFC 8129) that the KDC puts into the tickets of people who signed in with two factors, e.g. otp, pkinit. For MIT Kerberos and FreeIPA.',
          { default: [] },
        ),
        sids: list(
          text('SID.'),
          'SIDs in the PAC of such tickets: S-1-18-5, or groups of authentication mechanism assurance, which Active Directory adds when a person signs in with a certificate.',
          { default: [] },
        ),
      },
      'Kerberos tickets that prove two factors, without a sign-in at the OP; docs/kerberos.md says what each of them proves. The sign-in at the KDC may be as old as maxAgeSeconds allows. A ticket that a service obtained on behalf of a user (S4U) never counts.',
    ),
    maxAgeSeconds: integer(
      'How old the authentication (`auth_time`) may be, in seconds. It is sent as `max_age` at sign-in. A token without `auth_time` is refused.',
      { default: 12 * HOUR_S, minimum: 60, maximum: 30 * DAY_S },
    ),
    rules: list(
      rule,
      'Read from top to bottom; the first rule that matches decides. If none matches, a second factor is required.',
      { default: [] },
    ),
    formMayNameMethod: flag(
      'The server may take the method of a form from its content (`_method`, as Rack does, and so GitLab). Because Torhaus does not read content, a rule for methods other than POST then also matches a form sent by POST, and a rule that asks for less on POST does not. Turn this off for Azure DevOps, Bitbucket or Gitea if forms are refused because of it.',
      true,
    ),
    reportOnly: list(
      choice(
        ['git-operation', 'identity-change', 'method-override', 'path-readings', 'preflight'],
        'Kind of check. `git-operation`: Git LFS, the dumb protocol, `ssh-receive-pack`, a repeated `service`. `identity-change`: see allowIdentityChange. `method-override`: fields, parameters and forms that name another method. `path-readings`: paths that can be read in more than one way, and a trailing slash. `preflight`: rules that refuse, and content, cookies or overrides in preflights.',
      ),
      'Checks that are not enforced: the log and metrics report what they would have refused.',
      { default: [] },
    ),
    grants,
    lastingRights,
    allowAgentTokenExchange: flag(
      'Let `POST .../_apis/oauth2/token` pass without credentials, by a built-in rule: build agents exchange a signed assertion for a token there.',
      true,
    ),
  },
  'What counts as a second factor. Any one of acceptAcr, acceptAcrs and acceptAmr is enough, and at least one must be given. A missing claim never counts.',
)

const account = section(
  {
    fromPrincipal: choice(
      ['user', 'principal'],
      'The account of a Kerberos principal: the user part, or the whole `user@REALM`. An upstream with identity kind `kerberos` accepts either.',
      'user',
    ),
    template: text(
      'The account, with names of token claims in braces, e.g. `CORP\\{onpremisessamaccountname}`. A sign-in is refused if a claim is missing, contains `\\`, `@` or `/` although the template contains one of them, begins or ends with a space, or contains characters that are invisible or that NFKC would change.',
      {
        default: '{preferred_username}',
      },
    ),
    pattern: text(
      'Regular expression that must match the whole account made from the template; anything else is refused. If it has a group named `account`, that group becomes the account.',
      { default: '[^\\x00-\\x20\\x7f]{1,256}' },
    ),
    fromSeveralProviders: flag(
      'With several providers: the same account from two of them is the same person. If false, each provider lists its own accounts in `accounts`; an account that matches none of them, or two, is refused.',
      false,
    ),
    case: choice(
      ['keep', 'lower', 'upper'],
      'How to change the letter case of the account: A to Z only; other letters are kept.',
      'keep',
    ),
    domains: list(
      text('NetBIOS or DNS name of the domain.', { pattern: '^[^\\\\@/\\s]+$' }),
      'Names of the one domain that accounts belong to, e.g. CORP and corp.example: `carol`, `CORP\\carol` and `carol@corp.example` are then the same person. A domain in the template counts without being listed. With the section kerberos, its realm and netbiosDomain are used instead.',
      { default: [] },
    ),
  },
  'How claims of the OP become the account at the server.',
)

const groups = section(
  {
    require: list(
      text('Group or role.'),
      'Only members of one of these groups may pass. Empty: everyone. Tokens issued by the server (serverTokenIssuers) do not belong to a person and are exempt.',
      { default: [] },
    ),
    file: Type.Optional(
      file(
        'YAML file that maps groups to lists of accounts, in any spelling. It adds to the claims of the OP, and is the only source of groups for the owners of personal access tokens and for Kerberos accounts, apart from SIDs in tickets. Read again when it changes.',
      ),
    ),
  },
  'Groups and roles of people. Claims are read at sign-in, and again at each refresh (refreshIntervalSeconds).',
)

const redis = requiredSection(
  {
    urls: list(
      text(
        'rediss://HOST:PORT (TLS), or redis://HOST:PORT for loopback only, or elsewhere with allowPlainHttp for test setups.',
      ),
      'URL of the server; with mode `sentinel`, of the sentinels; with mode `cluster`, of some of the nodes. It must not contain a user, password or database.',
      { minItems: 1 },
    ),
    mode: choice(
      ['single', 'sentinel', 'cluster'],
      '`single`: one server. `sentinel`: the master named by the sentinels. `cluster`: Redis Cluster.',
      'single',
    ),
    masterName: Type.Optional(
      text('With mode `sentinel`: the name of the master in the configuration of the sentinels.'),
    ),
    username: Type.Optional(text('ACL user. Default: the user `default`.')),
    passwordFile: Type.Optional(file('File with the password. It is read again for each new connection.')),
    sentinelPasswordFile: Type.Optional(file('With mode `sentinel`: file with the password of the sentinels.')),
    tls: section(
      {
        caFile: Type.Optional(
          file('PEM file with the certificate authorities to trust, instead of the list that comes with Node.'),
        ),
        serverName: Type.Optional(
          text(
            'Name expected in the certificates, if it differs from the host; the nodes of a cluster often announce themselves by address.',
          ),
        ),
        certificateFile: Type.Optional(file('PEM file: client certificate, if Redis asks for one.')),
        privateKeyFile: Type.Optional(file('PEM file: the private key of the client certificate.')),
      },
      'TLS to Redis, for rediss:// only. Certificates are always verified.',
    ),
    keyPrefix: text('Prefix of all keys and of the channel. Give each Torhaus on the same Redis its own.', {
      default: 'torhaus',
      pattern: '^[A-Za-z0-9_-]{1,40}$',
    }),
    connectTimeoutMs: integer('How long a connection may take until it is ready, in milliseconds.', {
      default: 2000,
      minimum: 100,
      maximum: 60_000,
    }),
    commandTimeoutMs: integer(
      'How long one command may take, in milliseconds. After that, the answer is 503, or comes from what is known already.',
      {
        default: 500,
        minimum: 50,
        maximum: 30_000,
      },
    ),
    graceSeconds: integer(
      'How long data read earlier may still be used while Redis is unreachable, in seconds. Sessions that a process has not read before, sign-ins and sign-outs are refused at once.',
      { default: 300, minimum: 0, maximum: 3600 },
    ),
  },
  'The shared store, for several machines: Redis 6.2 or later.',
)

const session = requiredSection(
  {
    idleTimeoutSeconds: integer('How long a session may be unused before it ends, in seconds.', {
      default: 2 * HOUR_S,
      minimum: 60,
      maximum: 30 * DAY_S,
    }),
    absoluteTimeoutSeconds: integer('How long after sign-in a session ends in any case, in seconds.', {
      default: 12 * HOUR_S,
      minimum: 60,
      maximum: 90 * DAY_S,
    }),
    maxSignInsInFlight: integer(
      'Maximum number of sign-ins in progress in one browser (tabs). One more drops the oldest.',
      {
        default: 8,
        minimum: 1,
        maximum: 50,
      },
    ),
    signInTimeoutSeconds: integer('How long a person may take to sign in at the OP, in seconds.', {
      default: 900,
      minimum: 30,
      maximum: DAY_S,
    }),
    cacheMs: integer(
      'How long a session read from the store is used without reading it again, in milliseconds. A sign-out on another worker is noticed this late at most if the workers do not tell each other. Where the store itself announces changes (SQLite; a single Redis), a session is used for up to a minute, provided that the store has answered recently and has not announced a change to it.',
      { default: 1000, minimum: 0, maximum: 60_000 },
    ),
    maxCached: integer('Maximum number of sessions kept in memory per process, about 2 KB each.', {
      default: 100_000,
      minimum: 0,
      maximum: 1_000_000,
    }),
    sharedAs: Type.Optional(
      text(
        'Name that instances must have in common to share the sessions in a store. Default: issuer and publicUrl. Set it if your instances have different publicUrls, or before you change the issuer or the publicUrl: otherwise everyone has to sign in again.',
      ),
    ),
    encryptionKeyFiles: list(
      file('File with 32 random bytes in base64, e.g. from `openssl rand -base64 32`.'),
      'Keys that encrypt tokens at rest (AES-256-GCM). The first encrypts and all decrypt, so that keys can be rotated.',
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
              'Database file, shared by all workers on the machine and created if missing. Not used with kind `redis`. If STATE_DIRECTORY is set, as systemd does, the default is in that directory.',
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
      'Refuse a token from a network that it has not been used from before (the last 8 count; prefixes as in secondFactor.grants), once the token has been known for more than a day.',
      false,
    ),
    maxUnseenDays: Type.Optional(
      integer('Refuse a token that has not been used for this many days.', { minimum: 1, maximum: 365 }),
    ),
    maxAgeDays: Type.Optional(
      integer('Refuse a token this many days after the first use that Torhaus saw.', { minimum: 1, maximum: 365 }),
    ),
    confirm: choice(
      ['never', 'first-use', 'new-network'],
      'When the owner of a token, as named by the server, must confirm its use in a browser with the second factor, once per token and network (prefixes as in secondFactor.grants). `first-use`: for every network. `new-network`: for networks that it has not been used from before (the last 8 count); its first network is accepted without confirmation. Needs credentials.patProof.',
      'never',
    ),
    confirmExceptFrom: list(
      text('IP address or CIDR range.'),
      'Networks from which no confirmation is needed, such as those of build agents.',
      { default: [] },
    ),
    reportOnly: flag('Do not enforce this section: report in the log and metrics what would have been refused.', true),
  },
  'When to refuse a personal access token that the server would accept. A token that its owner has blocked is always refused.',
)

const patProof = requiredSection(
  {
    profile: choice(
      ['azure-devops', 'bitbucket', 'gitea', 'gitlab'],
      'The product behind Torhaus. It determines which request shows who owns a token, and what the answers mean (docs/pats.md).',
    ),
    path: Type.Optional(
      text(
        'Base path of the API of the server. Default: `/DefaultCollection` for azure-devops (with IIS usually `/tfs/DefaultCollection`), none for the others.',
        { pattern: '^(/[A-Za-z0-9._~-]+)+$' },
      ),
    ),
    off: flag('Do not check tokens with the server first, as if this section did not exist.', false),
    reportOnly: flag('Do not enforce this section: report in the log and metrics what would have been refused.', false),
    unreadable: choice(
      ['refuse', 'forward'],
      'What to do with a token whose owner the server does not name. On Azure DevOps, such a token is forged, expired, revoked or of narrow scope; on Gitea and GitLab, it is valid but of narrow scope, or on GitLab a deploy or job token. `forward`: it passes unproven, and on Azure DevOps so does every forged one.',
      'refuse',
    ),
    serverTokens: choice(
      ['prove', 'forward'],
      'What to do with JWTs whose issuer is in credentials.serverTokenIssuers, which anyone can forge. `prove`: check them like personal access tokens on azure-devops and gitea; on the other products they pass unproven. `forward`: they always pass unproven.',
      'prove',
    ),
    verdictSeconds: integer(
      'How long the answer of the server about the owner of a token is remembered, in seconds. If the server answers 401 to the token, it is forgotten at once.',
      { default: 300, minimum: 10, maximum: HOUR_S },
    ),
    refusalSeconds: integer('How long it is remembered that a token is not valid, in seconds.', {
      default: 15,
      minimum: 1,
      maximum: 300,
    }),
    maxTokens: integer('Maximum number of tokens whose owner is remembered, per process.', {
      default: 50_000,
      minimum: 100,
      maximum: 1_000_000,
    }),
    maxReadsPerNetwork: integer(
      'Maximum number of unknown tokens that turn out to be invalid per minute, client network (an IPv4 address or an IPv6 /64) and process. Beyond it, unknown tokens from that network get 429.',
      { default: 100, minimum: 1, maximum: 100_000 },
    ),
    maxReads: integer(
      'The same limit for all networks together. Keep it below the number of failures at which the server would block Torhaus.',
      {
        default: 600,
        minimum: 1,
        maximum: 1_000_000,
      },
    ),
    timeoutMs: integer(
      'How long the server may take to answer such a request, in milliseconds; then the client gets 503.',
      {
        default: 10_000,
        minimum: 100,
        maximum: 60_000,
      },
    ),
  },
  'Checks an unknown personal access token with the server first, by a read request that Torhaus sends. A request with the token passes only after the server has named its owner. Without this section, any token of the right shape is forwarded to the server.',
)

const credentials = section(
  {
    realm: Type.Optional(
      text('The realm in challenges. Default: publicUrl.', { pattern: '^[\\x20-\\x7e\\xa0-\\xff]+$' }),
    ),
    offer: list(
      offeredScheme,
      'Schemes offered in a 401, one field line each, in this order. Build agents look for Bearer, git and NuGet for Basic. Offering Negotiate makes git drop a token that was typed as a password; use offerRules to avoid that. At container registries (/v2/) programs are offered no Bearer: they would ask its realm for a token.',
      { default: ['Bearer', 'Basic'], minItems: 1 },
    ),
    offerRules: list(
      requiredSection(
        {
          clientClasses: list(clientClass, 'Kinds of client that the rule applies to. Empty: all.', { default: [] }),
          path: text('Regular expression that must match the beginning of the path.', { default: '/' }),
          offer: list(offeredScheme, 'Schemes to offer.', { minItems: 1 }),
        },
        'One rule.',
      ),
      'Other schemes for certain clients and paths; the first rule that matches decides. A rule changes only what is offered, not what is accepted.',
      { default: [] },
    ),
    allowedOrigins: list(
      text('Origin: scheme, host and port.', { pattern: '^https?://[^/]+$' }),
      'Origins besides publicUrl whose pages may send changing requests with credentials that browsers add automatically (cookies, tickets, passwords). Such requests from any other origin get 403.',
      { default: [] },
    ),
    serverTokenIssuers: list(
      text('Issuer.'),
      'The `iss` values of JWTs that the server itself issues (build agents, job tokens). These tokens are forwarded unchanged; with credentials.patProof, only after the server has named their owner.',
      { default: [] },
    ),
    personalAccessTokens: list(
      choice(['azure-devops', 'gitlab', 'gitea', 'bitbucket'], 'Shape of token.'),
      'Products whose personal access tokens are recognised, by their shape and by where the request carries them (docs/pats.md), and forwarded unchanged. The server must refuse passwords in Basic, or a password of the same shape would pass.',
      { default: ['azure-devops'] },
    ),
    patAccountField: Type.Optional(
      text(
        'Response field in which the server names the owner of the token, as `name` or `id:name`; X-VSS-UserData for Azure DevOps. It lets people see and block their own tokens at `/.torhaus/`.',
        { pattern: '^[A-Za-z0-9-]{1,64}$' },
      ),
    ),
    patPolicy,
    patProof: Type.Optional(patProof),
    keepCookiesBesideTokens: flag(
      'Forward the cookies of the server, signed requests and tickets together with a token of the server. The server then chooses which of them identifies the user, so a stolen cookie beside a made-up token may be enough to get in.',
      false,
    ),
  },
  'Credentials that clients present.',
)

const logging = section(
  {
    auditFile: Type.Optional(
      outputFile(
        'File that the audit log is appended to, one JSON object per line. Without it, audit records go to standard output with all others; `log.logger` tells them apart.',
      ),
    ),
    level: choice(
      ['trace', 'debug', 'info', 'warn', 'error'],
      'Lowest level that is written. Torhaus has no records below `info`; to see how requests are decided, use `logging.trace`.',
      'info',
    ),
    access: flag('Write one record per request.', true),
    accessForm: choice(
      ['ecs', 'compact'],
      'Form of the record of a request. `ecs`: with the field names of the Elastic Common Schema. `compact`: with short names and less than half as long, for your own log processing (docs/operations.md, "Compact access records").',
      'ecs',
    ),
    trace: flag(
      'Write another record per request, at level info, that shows what each stage knew, added and decided, to find out why requests end as they do. Values are shortened, and none is a secret. It costs time and space for every request.',
      false,
    ),
  },
  'Structured logs on standard output, one JSON object per line, with the field names of the Elastic Common Schema.',
)

const tracing = requiredSection(
  {
    otlpUrl: text(
      'Where spans are sent: OTLP over HTTP, in JSON, e.g. http://127.0.0.1:4318/v1/traces. A collector on another machine needs https.',
    ),
    sampleOneIn: integer(
      'One in this many of the traces that begin at Torhaus is recorded. If a peer in listener.trustedProxies began the trace (traceparent), its decision is followed.',
      { default: 100, minimum: 1, maximum: 1_000_000 },
    ),
  },
  'Spans for OpenTelemetry: one for each exchange, each stage, each query to the OP, the KDC or Redis, and the request to the origin server, which carries the trace on (W3C Trace Context). Without this section, no spans are sent.',
)

const reload = section(
  {
    watchIntervalMs: integer(
      'How often the configuration file and the files it names are checked for changes, in milliseconds. 0: reload only on SIGHUP or `torhaus reload`.',
      { default: 2000, minimum: 0, maximum: 3_600_000 },
    ),
  },
  'Reloading the configuration, including certificates and keys, without a restart.',
)

const ownPages = section(
  {
    publicUrl: Type.Optional(
      text(
        'Origin with a separate host name for the pages of Torhaus, e.g. https://signin.devops.example.com. The name must lead to the same listener, and the certificate must have both names. Recommended, because scripts in pages of the server then have a different origin. The OP must know this origin, since the callback and sign-out URLs use it. Default: publicUrl. See docs/own-host.md.',
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
    name: text('Name of your service, shown at the top of each page and in its title.', {
      default: 'Torhaus',
      pattern: '^[^\\x00-\\x1f\\x7f]{1,60}$',
    }),
    logoFile: Type.Optional(
      file(
        'Logo shown at the top of each page instead of the mark and name of Torhaus; screen readers read appearance.name. SVG without scripts, or PNG; at most 32 KiB. It is shown 2.5rem (40 px) high.',
      ),
    ),
    logoDarkFile: Type.Optional(file('Logo for browsers in dark mode, where the page is #1b222c.')),
    accentColor: color(
      'Colour of links and buttons, as #rrggbb. Its contrast with white must be at least 4.5 (WCAG 2.2 1.4.3).',
      ACCENT.light,
    ),
    accentColorDark: color(
      'The same for browsers in dark mode, with a contrast of at least 4.5 to #1b222c.',
      ACCENT.dark,
    ),
    helpText: Type.Optional(
      helpText(
        'Text at the bottom of each page: whom to ask for help, and what to tell them. Plain text, at most 500 characters.',
      ),
    ),
    helpUrl: Type.Optional(
      text('Link to the help desk: an https, http or mailto URL. Without it, the pages have no such link.'),
    ),
    languages: list(
      requiredSection(
        {
          tag: text('Tag of the language (BCP 47), e.g. fr or pt-BR.', {
            pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$',
          }),
          file: Type.Optional(
            file(
              'YAML file that maps the keys of docs/texts.yaml to texts. Texts that are missing appear in English; for de, in the German of Torhaus.',
            ),
          ),
          helpText: Type.Optional(helpText('Replaces appearance.helpText on pages in this language.')),
        },
        'One language.',
      ),
      'Languages of the pages in addition to English and German. The browser says which one to use (Accept-Language).',
      { default: [] },
    ),
  },
  'How the pages of Torhaus look: sign-in, refusals, confirmation, personal page (docs/appearance.md).',
)

const hsts = section(
  {
    maxAgeSeconds: integer(
      'How long browsers use only https for this host, in seconds, counted from the latest response. 0: browsers drop the policy. Raise it once nothing on this host name needs http on any port; 31536000 is a year.',
      { default: 86_400, minimum: 0, maximum: 63_072_000 },
    ),
    includeSubDomains: flag(
      'Apply the policy to all subdomains of the host of publicUrl as well, no matter who runs them.',
      false,
    ),
    off: flag(
      'Do not send this field, e.g. because a balancer in front does. What the origin server sends is then passed on.',
      false,
    ),
  },
  'Strict-Transport-Security (RFC 6797), sent if publicUrl is https with a host name. It replaces what the origin server sends.',
)

export const configSchema = requiredSection(
  {
    publicUrl: text(
      'Origin that users type and see: scheme, host and port, no path. Redirects and cookies are based on it.',
    ),
    allowPlainHttp: flag(
      'Allow http for publicUrl and issuers, and Redis without TLS, for hosts other than loopback. Passwords and cookies then travel unencrypted: for test setups only.',
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

/** The whole configuration: validated, with defaults filled in and file names made absolute. */
export type Config = DeepReadonly<Static<typeof configSchema>>

/** The options of one OpenID Provider, from `oidc` or from an entry in `providers`. */
export type ProviderSettings = NonNullable<Config['oidc']>
