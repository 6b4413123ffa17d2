/** The tables of docs/pats.md, product by product: each answer of the server, and each carrier. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { basic } from '../../devkit/torhaus/proxy-under-test.ts'
import { type Product, type ProofLab, READS, startProofLab } from './proof-lab.ts'

const lines = readFileSync(join(import.meta.dirname, '../../docs/pats.md'), 'utf8').split('\n')

function table(header: string): string[][] {
  const start = lines.findIndex(line => line.startsWith(header))
  assert.notEqual(start, -1, header)
  const rows = lines.slice(start)
  return rows
    .slice(0, rows.indexOf(''))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    )
    .filter(([first = '']) => !first.startsWith('---'))
}

const [, ...conclusions] = table('| Product | The server answers |')
const [[, ...products] = [], ...carriers] = table('| Carrier |')
const code = (cell = '') => cell.replaceAll('`', '')

/** `read`: how many were asked before. */
type Reply = (response: ServerResponse, read: number) => unknown
const json =
  (status: number, value: object, fields: Record<string, string> = {}): Reply =>
  response =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...fields }).end(JSON.stringify(value))
const page =
  (status: number, fields: Record<string, string> = {}): Reply =>
  response =>
    response.writeHead(status, { 'Content-Type': 'text/html', ...fields }).end('<html>')
/** One after the other, the last for all that follow. */
const then =
  (...replies: readonly Reply[]): Reply =>
  (response, read) =>
    replies[Math.min(read, replies.length - 1)]?.(response, read)

const USER = { 'X-VSS-UserData': '0b1c:ada' }
const connection = (user: object) => json(200, { authenticatedUser: user })
const GITEA_NARROW = json(403, { message: 'token does not have at least one of required scope(s)' })
const GITLAB_NARROW = json(403, { error: 'insufficient_scope' })

/** The words of the table. */
const REPLIES: Record<string, Record<string, Reply>> = {
  'azure-devops': {
    '200, an account': connection({ id: 'b7a2', properties: { Account: { $type: 'System.String', $value: 'ada' } } }),
    '200, nobody': connection({ id: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', providerDisplayName: 'Anonymous' }),
    '401': page(401, { 'WWW-Authenticate': 'Bearer' }),
    '401, X-VSS-UserData': page(401, USER),
    '203, a page to sign in at': page(203),
    '302 to a page to sign in at': page(302, { Location: '/_signin' }),
    '403, X-VSS-UserData': page(403, USER),
    '200, a page': page(200),
    '500': page(500),
  },
  gitea: {
    '200, an account': json(200, { id: 7, login: 'ada' }),
    '401': json(401, { message: 'invalid username, password or token' }),
    '403, then an account': then(GITEA_NARROW, json(200, { id: 2, scopes: ['x'], user: { id: 7, login: 'ada' } })),
    '403, 404, then an account': then(GITEA_NARROW, page(404), json(200, { sub: '7', preferred_username: 'ada' })),
    '403, then 401': then(GITEA_NARROW, json(401, { message: 'invalid username, password or token' })),
    '403, 404, then 401': then(GITEA_NARROW, page(404), page(401)),
    '403, 404, then 403': then(GITEA_NARROW, page(404), GITEA_NARROW),
    '403 each time': GITEA_NARROW,
    '403, then a page': then(GITEA_NARROW, page(200)),
    '200, a page': page(200),
    '500': page(500),
  },
  gitlab: {
    '200, an account': json(200, { id: 7, username: 'ada' }),
    '401': json(401, { message: '401 Unauthorized' }),
    '403, then its scopes': then(GITLAB_NARROW, json(200, { id: 1, user_id: 7, scopes: ['read_repository'] })),
    '403, then 401': then(GITLAB_NARROW, json(401, { message: '401 Unauthorized' })),
    '403, then 400': then(GITLAB_NARROW, json(400, { error: 'bad_request' })),
    '200, a page': page(200),
    '429': page(429),
  },
  bitbucket: {
    '200, X-AUSERNAME': json(200, { version: '9.4.0' }, { 'X-AUSERNAME': 'ada' }),
    '200, nobody': json(200, { version: '9.4.0' }),
    '401': json(401, { errors: [] }),
    '403, X-AUSERNAME': json(403, { errors: [] }, { 'X-AUSERNAME': 'ada' }),
    '200, a page': page(200),
    '500': page(500),
  },
}

let count = 0
/** Never the same twice. */
function newToken(product: string): string {
  const digits = (count++).toString().padStart(6, '0')
  const letters = [...digits].map(digit => 'abcdefghij'.charAt(Number(digit))).join('')
  const tokens: Record<string, string> = {
    'azure-devops': letters.padStart(52, 'a'),
    gitea: digits.padStart(40, 'f'),
    gitlab: `glpat-${letters.padStart(20, 'x')}`,
    bitbucket: `BBDC-${letters.padStart(24, 'x')}`,
  }
  return tokens[product] ?? ''
}

type Ask = (token: string) => readonly [line: string, ...fields: string[]]
const CARRIERS: Record<string, Ask> = {
  'Basic, password': token => ['GET /x', basic('anyone', token)],
  Bearer: token => ['GET /x', `Authorization: bearer ${token}`],
  'Basic, user name': token => ['GET /x', basic(token, '')],
  'Basic, user name of x-oauth-basic': token => ['GET /x', basic(token, 'x-oauth-basic')],
  'Authorization: token': token => ['GET /x', `Authorization: token ${token}`],
  ...Object.fromEntries(
    ['PRIVATE-TOKEN', 'JOB-TOKEN', 'Deploy-Token', 'X-NuGet-ApiKey'].map(name => [
      name,
      (token: string) => ['GET /x', `${name}: ${token}`] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['private_token', 'access_token', 'job_token', 'token'].map(name => [
      `?${name}=`,
      (token: string) => [`GET /x?${name}=${token}`] as const,
    ]),
  ),
}

for (const [index, cell] of products.entries()) {
  const product = code(cell) as Product
  describe(product, () => {
    let lab: ProofLab
    before(async () => {
      lab = await startProofLab(product, { maxReadsPerNetwork: 1000 })
    })
    after(() => lab.close())

    const tokenCarriers = carriers.filter(row => row[index + 1] === 'token').map(([name]) => code(name))
    const answers = conclusions.filter(([name]) => code(name) === product)

    for (const [, words = '', concluded = ''] of answers) {
      test(`${code(words)}: ${concluded}, in every carrier`, async () => {
        const reply = REPLIES[product]?.[code(words)]
        assert.ok(reply, words)
        for (const carrier of tokenCarriers) {
          let reads = 0
          lab.server.answers = ({ url = '' }, response) => {
            if (!READS.includes(url)) return false
            reply(response, reads++)
            return true
          }
          lab.seen()
          const [line, ...fields] = CARRIERS[carrier]?.(newToken(product)) ?? ['']
          const answer = await lab.ask(line, fields)
          assert.equal(answer.one('X-Torhaus-Error') ?? 'passes', code(concluded), carrier)
          assert.deepEqual(lab.seen().forwarded, concluded === 'passes' ? [line.slice(4)] : [], carrier)
        }
      })
    }

    test('where the product takes no token, there is no way in', async () => {
      for (const [name = '', ...cells] of carriers) {
        if (cells[index] !== 'no') continue
        const [line, ...fields] = CARRIERS[code(name)]?.(newToken(product)) ?? ['']
        lab.seen()
        assert.equal((await lab.ask(line, fields)).status, 401, name)
        assert.deepEqual(lab.seen(), { reads: [], forwarded: [] }, name)
      }
    })
  })
}
