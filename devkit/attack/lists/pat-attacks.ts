/**
 * Tokens of the server that are made up, revoked, of two people, in every carrier: none reaches it as more than it is.
 */

import type { IncomingMessage } from 'node:http'
import { HANDSHAKE_FIELDS } from '../../clients/handshake-fields.ts'
import type { Received } from '../../origin/echo-origin.ts'
import { serverTokenIssuer } from '../../origin/identity.ts'
import type { Attack, Target } from '../attack.ts'
import type { SettingName } from '../settings.ts'

const AZURE = 'proven tokens'
const GITLAB = 'proven tokens of GitLab'

const READS: readonly string[] = [
  ...['/DefaultCollection/_apis/connectionData', '/api/v4/user', '/api/v4/personal_access_tokens/self'],
]
const isForwarded = ({ target }: Received) => !READS.includes(target)

let count = 0
/** 52 letters that nobody was given. */
export const madeUp = () =>
  (count++)
    .toString(26)
    .replaceAll(/\d/g, digit => 'qrstuvwxyz'.charAt(Number(digit)))
    .padStart(52, '2')
export const madeUpOfGitLab = () => `glpat-${madeUp().slice(-20)}`
export const basic = (token: string, name = '') =>
  `Authorization: Basic ${Buffer.from(`${name}:${token}`).toString('base64')}`

function presented({ headers }: IncomingMessage): string {
  const field = String(headers['private-token'] ?? headers.authorization ?? '')
  return field.startsWith('Basic ') ? Buffer.from(field.slice(6), 'base64').toString().slice(1) : field
}

/** The server knows these tokens, and shows a page to anybody. */
export function know(target: Target, owners: ReadonlyMap<string, string>): void {
  target.origin.answerWith((request, response, { target: asked }) => {
    if (!READS.includes(asked)) return void response.writeHead(200).end('public')
    const owner = owners.get(presented(request))
    if (owner === undefined) return void response.writeHead(401).end()
    const account = { id: '1', properties: { Account: { $value: owner } } }
    response.writeHead(200).end(JSON.stringify({ authenticatedUser: account, username: owner }))
  })
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
/** A JWT that names the server as its issuer, by somebody who can write. */
const written = () => `${encoded({ alg: 'RS256' })}.${encoded({ iss: serverTokenIssuer, jti: madeUp() })}.c2lnbmVk`

export type Run = (target: Target, send: (line: string, ...fields: string[]) => Promise<unknown>) => Promise<unknown>

export const attack = (name: string, setting: SettingName, run: Run): Attack => ({
  name: `token of the server: ${name}`,
  ...{ setting, isWanted: isForwarded },
  run(target) {
    know(target, new Map())
    const send = (line: string, ...fields: string[]) =>
      target.send([`${line} HTTP/1.1`, `Host: ${target.host}`, ...fields, '', ''].join('\r\n'))
    return run(target, send)
  },
})

const azure: readonly Attack[] = [
  attack('52 made-up letters', AZURE, (_, send) => send('GET /public', basic(madeUp()))),
  attack('52 made-up letters as Bearer', AZURE, (_, send) => send('GET /public', `Authorization: Bearer ${madeUp()}`)),
  attack('made up, with a stolen cookie of the server', AZURE, (_, send) =>
    send('GET /public', basic(madeUp()), 'Cookie: FedAuth=stolen; FedAuth1=stolen; UserAuthentication=stolen'),
  ),
  attack('made up, for git', AZURE, (_, send) =>
    send('GET /DefaultCollection/_git/r/info/refs?service=git-upload-pack', basic(madeUp()), 'User-Agent: git/2.50.1'),
  ),
  attack('made up, for a WebSocket', AZURE, (_, send) =>
    send('GET /signalr/connect', basic(madeUp()), ...HANDSHAKE_FIELDS),
  ),
  attack('made up, for the read itself', AZURE, (_, send) =>
    send('GET /DefaultCollection/_apis/connectionData?x', basic(madeUp())),
  ),
  attack('the server answers with somebody who has not signed in', AZURE, ({ origin }, send) => {
    const user = { id: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', uniqueName: 'Anonymous' }
    origin.answerWith((_, response) => response.writeHead(200).end(JSON.stringify({ authenticatedUser: user })))
    return send('GET /public', basic(madeUp()))
  }),
  attack('the server answers with a page to sign in at', AZURE, ({ origin }, send) => {
    origin.answerWith((_, response) => response.writeHead(203, { 'Content-Type': 'text/html' }).end('<html>'))
    return send('GET /public', basic(madeUp()))
  }),
  attack('the server does not answer', AZURE, ({ origin }, send) => {
    origin.answerWith((_, response) => response.destroy())
    return send('GET /public', basic(madeUp()))
  }),
  attack('a JWT somebody has written', AZURE, (_, send) => send('GET /public', `Authorization: Bearer ${written()}`)),
  attack('a JWT somebody has written, as password', AZURE, (_, send) => send('GET /public', basic(written(), 'OAuth'))),
  attack('a JWT somebody has written, for a WebSocket', AZURE, (_, send) =>
    send('GET /signalr/connect', `Authorization: Bearer ${written()}`, ...HANDSHAKE_FIELDS),
  ),
  attack('a JWT somebody has written, with a stolen cookie of the server', AZURE, (_, send) =>
    send('GET /public', `Authorization: Bearer ${written()}`, 'Cookie: FedAuth=stolen'),
  ),
  attack('a JWT somebody has written, signed by nobody', AZURE, (_, send) =>
    send('GET /public', `Authorization: Bearer ${encoded({ alg: 'none' })}.${encoded({ iss: serverTokenIssuer })}.`),
  ),
  attack('a flood of written JWTs', AZURE, (_, send) =>
    Promise.all(Array.from({ length: 100 }, () => send('GET /public', `Authorization: Bearer ${written()}`))),
  ),
  attack('a flood of made-up ones', AZURE, (_, send) =>
    Promise.all(Array.from({ length: 100 }, () => send('GET /public', basic(madeUp())))),
  ),
  whileAnAgentWorks(),
]

/** What the agent asks for arrives, and nothing else. */
function whileAnAgentWorks(): Attack {
  const flood = attack('a flood of made-up ones, while an agent of the same network works', AZURE, (target, send) => {
    const good = madeUp()
    know(target, new Map([[good, 'ada']]))
    const turns = Array.from({ length: 100 }, (_, index) => index % 10 === 0)
    return Promise.all(
      turns.map(isAgent => (isAgent ? send('GET /agent', basic(good)) : send('GET /public', basic(madeUp())))),
    )
  })
  return { ...flood, isWanted: received => isForwarded(received) && received.target !== '/agent' }
}

/** Revoked at the server: the first request that it answers 401 is the last that reaches it. */
const revoked: Attack = {
  name: 'token of the server: revoked there',
  setting: AZURE,
  async run(target) {
    const token = madeUp()
    const send = (path: string) =>
      target.send(`GET ${path} HTTP/1.1\r\nHost: ${target.host}\r\n${basic(token)}\r\n\r\n`)
    know(target, new Map([[token, 'ada']]))
    await send('/before')
    target.origin.answerWith((_, response) => response.writeHead(401).end())
    await send('/revoked')
    know(target, new Map())
    await send('/afterwards')
  },
  isWanted: ({ target }) => target === '/afterwards',
}

export const CARRIERS: Readonly<Record<string, (token: string) => readonly [line: string, ...fields: string[]]>> = {
  'the password of Basic': token => ['GET /public', basic(token, 'x')],
  Bearer: token => ['GET /public', `Authorization: Bearer ${token}`],
  ...Object.fromEntries(
    ['PRIVATE-TOKEN', 'Private_Token', 'JOB-TOKEN', 'Deploy-Token', 'X-NuGet-ApiKey'].map(name => [
      name,
      (token: string) => ['GET /public', `${name}: ${token}`] as const,
    ]),
  ),
  ...Object.fromEntries(
    [
      ...['private_token', 'access_token', 'job_token', 'private%5ftoken', 'PRIVATE_TOKEN', 'private_token[]'],
      ...['[private_token]', '%5Bprivate_token%5D', ']access_token'],
    ].map(name => [`?${name}`, (token: string) => [`GET /public?${name}=${token}`] as const]),
  ),
}

const carried: readonly Attack[] = Object.entries(CARRIERS).flatMap(([name, carry]) => [
  attack(`made up, in ${name}`, GITLAB, (_, send) => send(...carry(madeUpOfGitLab()))),
  attack(`of another person, in ${name}, beside one that is good`, GITLAB, async (target, send) => {
    const [good, other] = [madeUpOfGitLab(), madeUpOfGitLab()]
    know(
      target,
      new Map([
        [good, 'ada'],
        [other, 'eve'],
      ]),
    )
    const [line, ...fields] = carry(other)
    return name === 'Bearer' || name.includes('Basic')
      ? send(line, ...fields, `PRIVATE-TOKEN: ${good}`)
      : send(line, ...fields, `Authorization: Bearer ${good}`)
  }),
  attack(`made up, in ${name}, with a session of GitLab`, GITLAB, (_, send) => {
    const [line, ...fields] = carry(madeUpOfGitLab())
    return send(line, ...fields, 'Cookie: _gitlab_session=stolen')
  }),
])

const form = attack('of another person, in a form', GITLAB, async (target, send) => {
  const [good, other] = [madeUpOfGitLab(), madeUpOfGitLab()]
  know(
    target,
    new Map([
      [good, 'ada'],
      [other, 'eve'],
    ]),
  )
  const content = `private_token=${other}`
  return send(
    'POST /public',
    `PRIVATE-TOKEN: ${good}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${content.length}\r\n\r\n${content}`,
  )
})

export const patAttacks: readonly Attack[] = [...azure, revoked, ...carried, form]
