/**
 * Tickets and passwords of a directory. Where the second factor is demanded, genuine ones reach nothing by themselves;
 * where a rule lets one factor pass, what is forged, altered, of another service or used before does not pass.
 */
import { krb5Mechanism, ntlmMechanism } from '../../../src/kerberos/protocol/object-identifiers.ts'
import { HANDSHAKE_FIELDS } from '../../clients/handshake-fields.ts'
import { forgedNegotiation, forgedToken } from '../../realm/forged-token.ts'
import type { Attack, Target } from '../attack.ts'
import type { Directory } from '../directory.ts'
import type { SettingName } from '../settings.ts'

type Send = (line: string, ...fields: string[]) => Promise<unknown>
type Run = (directory: Directory, send: Send, target: Target) => Promise<unknown>

const TWO_FACTORS: readonly SettingName[] = ['lab', 'lab, two workers on Redis']
const ONE_FACTOR: readonly SettingName[] = ['lab with one factor']

const negotiate = (token: string | Buffer) =>
  `Authorization: Negotiate ${typeof token === 'string' ? token : token.toString('base64')}`
const basic = (name: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

function attacks(settings: readonly SettingName[], what: string, run: Run, isWanted?: Attack['isWanted']): Attack[] {
  return settings.map(setting => ({
    ...{ name: `directory: ${what}`, setting },
    async run(target) {
      const { lab, host } = target
      if (lab === undefined) throw new Error('these attacks need a directory')
      const send: Send = (line, ...fields) =>
        target.send([`${line} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n'))
      return run(lab, send, target)
    },
    ...(isWanted === undefined ? {} : { isWanted }),
  }))
}

/** A request of a program that has one factor. */
const ALONE: readonly (readonly [what: string, line: string, ...fields: string[]])[] = [
  ['', 'GET /tfs/Main/_apis/projects'],
  [', to change something', 'DELETE /tfs/Main/_apis/projects/1'],
  [', as git', 'GET /tfs/Main/_git/r/info/refs?service=git-upload-pack', 'User-Agent: git/2.50.1'],
  [', as an agent', 'GET /tfs/_apis/connectionData', 'User-Agent: VstsAgentCore-linux/4.1 (Linux) VSServices/19'],
  [', for a WebSocket', 'GET /signalr/connect', ...HANDSHAKE_FIELDS],
  [', with a name of ours', 'GET /x', 'X-Remote-Account: bob', 'X-Torhaus-Assertion: e30.e30.e30'],
  [', as if confirmed', 'GET /x?torhaus=confirmed', 'X-Torhaus-Second-Factor: yes'],
  [
    ', as a preflight',
    'OPTIONS /x',
    'Origin: https://evil.example',
    'Access-Control-Request-Method: PUT',
    'Cookie: a=b',
  ],
]

const NAMES = ['alice', 'CORP\\alice', 'alice@CORP.TEST', 'ALICE', 'corp.test\\alice']

const alone: readonly Attack[] = ALONE.flatMap(([what, line, ...fields]) => [
  ...attacks(TWO_FACTORS, `a ticket alone${what}`, async ({ ticket }, send) =>
    send(line, negotiate(await ticket('alice')), ...fields),
  ),
  ...attacks(TWO_FACTORS, `a password alone${what}`, ({ passwordOf }, send) =>
    send(line, basic('alice', passwordOf('alice')), ...fields),
  ),
])

const named: readonly Attack[] = NAMES.flatMap(name =>
  attacks(TWO_FACTORS, `a password alone, of ${name}`, ({ passwordOf }, send) =>
    send('GET /x', basic(name, passwordOf('alice'))),
  ),
)

/** One factor of the directory, and one of the OP: still one, twice. */
const both = attacks(TWO_FACTORS, 'a ticket beside a one-factor access token', async ({ ticket }, send, { op }) => {
  const token = await op.issueAccessToken('alice', { acr: undefined, amr: ['pwd'] })
  await send('GET /x', negotiate(await ticket('alice')), `Authorization: Bearer ${token}`)
})

const LEGITIMATE = '/legitimate'

/** One of the requests may pass: the first with that token. */
const replays: readonly Attack[] = ONE_FACTOR.flatMap(setting => {
  let arrived = 0
  return [
    ...attacks(
      [setting],
      'a ticket used twice',
      async ({ ticket }, send) => {
        const token = negotiate(await ticket('alice'))
        await send(`GET ${LEGITIMATE}`, token)
        await send('GET /again', token)
      },
      ({ target }) => target !== LEGITIMATE,
    ),
    ...attacks(
      [setting],
      'a ticket used eight times at once',
      async ({ ticket }, send) => {
        arrived = 0
        const token = negotiate(await ticket('alice'))
        await Promise.all(Array.from({ length: 8 }, () => send('GET /at-once', token)))
      },
      () => ++arrived > 1,
    ),
  ]
})

/** Near the end stands the authenticator, before it the ticket. */
const altered: readonly Attack[] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97].flatMap(part =>
  attacks(ONE_FACTOR, `a ticket with a bit changed at ${part} of its length`, async ({ ticket }, send) => {
    const token = Buffer.from(await ticket('alice'), 'base64')
    const at = Math.floor(token.length * part)
    token[at] = (token[at] ?? 0) ^ 1
    await send('GET /x', negotiate(token))
  }),
)

const forged = (what: string, make: () => Buffer) =>
  attacks(ONE_FACTOR, what, (_, send) => send('GET /x', negotiate(make())))
const administrator = { type: 1, components: ['Administrator'] } as const
const ticketService = { type: 2, components: ['krbtgt', 'CORP.TEST'] } as const

const forgeries: readonly Attack[] = [
  ...forged('a ticket under a key of the attacker', () => forgedToken({ nowMs: Date.now() })),
  ...forged('a ticket of the administrator under such a key', () =>
    forgedToken({ nowMs: Date.now(), client: administrator }),
  ),
  ...forged('a ticket for the KDC', () => forgedToken({ nowMs: Date.now(), service: ticketService })),
  ...forged('a ticket under a key number of the keytab', () => forgedToken({ nowMs: Date.now(), kvno: 2 })),
  ...forged('a ticket of an encryption nobody has', () => forgedToken({ nowMs: Date.now(), ticketEtype: 0 })),
  ...forged('a ticket of another realm', () => forgedToken({ nowMs: Date.now(), clientRealm: 'EVIL.TEST' })),
  ...forged('a ticket of the attacker within SPNEGO', () =>
    forgedNegotiation([krb5Mechanism], forgedToken({ nowMs: Date.now() })),
  ),
  ...forged('SPNEGO that promises a ticket and has none', () => forgedNegotiation([krb5Mechanism])),
  ...forged('NTLM within SPNEGO', () => forgedNegotiation([ntlmMechanism], Buffer.from('NTLMSSP\0\x01\0\0\0'))),
  ...forged('64 KB that are no token', () => Buffer.alloc(65_536, 0x60)),
  ...forged('an empty token', () => Buffer.alloc(0)),
]

const genuine: readonly Attack[] = [
  ...attacks(ONE_FACTOR, 'a ticket for the server behind', async ({ ticket }, send) =>
    send('GET /x', negotiate(await ticket('alice', 'devops.corp.test'))),
  ),
  ...attacks(ONE_FACTOR, 'a ticket of somebody who may not be delegated', async ({ ticket }, send) =>
    send('GET /x', negotiate(await ticket('sensitive1'))),
  ),
  ...attacks(ONE_FACTOR, 'a ticket that a page of another origin has sent', async ({ ticket }, send) =>
    send('POST /x', negotiate(await ticket('alice')), 'Origin: https://evil.example', 'Content-Length: 0'),
  ),
  ...attacks(ONE_FACTOR, 'a ticket that a page of another origin has sent for a WebSocket', async ({ ticket }, send) =>
    send('GET /x', negotiate(await ticket('alice')), ...HANDSHAKE_FIELDS, 'Origin: https://evil.example'),
  ),
]

/** Of several accounts: after a wrong password the next one of the same account has to wait. */
const PASSWORDS: readonly (readonly [what: string, of: string, name: string, password: (right: string) => string])[] = [
  ['a wrong password', 'alice', 'alice', () => 'wrong'],
  ['no password', 'bob', 'bob', () => ''],
  ['a password with a zero behind it', 'bob', 'bob', right => `${right}\0`],
  ['a password in other letters', 'carol', 'carol', right => right.toUpperCase()],
  ['the password of somebody else', 'alice', 'admin1', right => right],
  ['a name of another realm', 'bob', 'bob@EVIL.TEST', right => right],
  ['a name of another domain', 'bob', 'EVIL\\bob', right => right],
  ['a name with a zero in it', 'bob', 'bob\0x', right => right],
  ['the name of a service', 'svc-proxy', 'HTTP/proxy.corp.test', right => right],
  ['a disabled account', 'disabled1', 'disabled1', right => right],
]

const passwords: readonly Attack[] = PASSWORDS.flatMap(([what, of, name, password]) =>
  attacks(ONE_FACTOR, what, ({ passwordOf }, send) => send('GET /x', basic(name, password(passwordOf(of))))),
)

export const kerberosAttacks: readonly Attack[] = [
  ...alone,
  ...named,
  ...both,
  ...replays,
  ...altered,
  ...forgeries,
  ...genuine,
  ...passwords,
]
