/**
 * What somebody could try who has one factor of a person who has confirmed a fetch and a reading script; or a personal
 * access token.
 */
import { BrowserClient } from '../../clients/browser-client.ts'
import { confirmAt } from '../../clients/own-forms.ts'
import { signIn } from '../../op/user-agent.ts'
import { patField } from '../../torhaus/proxy-under-test.ts'
import { type Attack, raw, type Target } from '../attack.ts'
import type { SettingName } from '../settings.ts'

const GIT = 'git/2.50.1'
const CURL = 'curl/8.14.1'
const CONFIRMED = [
  ['/tfs/Main/_git/r/info/refs?service=git-upload-pack', GIT],
  ['/tfs/Main/_apis/projects', CURL],
] as const

/** An access token with one factor, of the person who has confirmed. Once for each target. */
const tokens = new WeakMap<Target, Promise<string>>()

async function confirmAll({ op, publicUrl, ada }: Target): Promise<string> {
  const token = await op.issueAccessToken('ada', { acr: undefined, amr: ['pwd'] })
  const browser = new BrowserClient()
  await signIn(browser, `${publicUrl}/.torhaus/`, ada)
  for (const [path, agent] of CONFIRMED) {
    const headers = { authorization: `Bearer ${token}`, 'user-agent': agent }
    const refused = await fetch(publicUrl + path, { headers, signal: AbortSignal.timeout(60_000) })
    const link = /https?:\/\/[^\s"]+\/\.torhaus\/confirm\/[A-Z2-7-]+/.exec(await refused.text())?.[0]
    if (link === undefined) throw new Error(`no link to confirm ${path} at`)
    const page = await confirmAt(browser, link, ada)
    // Before there was a sign-in for each confirmation, the button was enough.
    if (!page.text.includes('Run the command again')) await browser.post(link, {})
    const { status } = await fetch(publicUrl + path, { headers, signal: AbortSignal.timeout(60_000) })
    if (status !== 200) throw new Error(`${path} was confirmed, and is answered with ${status}`)
  }
  return token
}

const confirmedToken = (target: Target): Promise<string> => {
  const token = tokens.get(target) ?? confirmAll(target)
  tokens.set(target, token)
  return token
}

interface Request {
  readonly line: string
  readonly fields?: readonly string[]
  readonly content?: string
}

const text = ({ line, fields = [], content = '' }: Request, more: readonly string[]) =>
  [`${line} HTTP/1.1`, 'Host: {host}', ...more, ...fields, `Content-Length: ${content.length}`, '', content].join(
    '\r\n',
  )

const byGrant = (setting: SettingName, agent: string, request: Request): Attack => ({
  ...{ name: `grant for ${agent.split('/')[0]}: ${request.line} ${(request.fields ?? []).join(' ')}`, setting },
  run: async target => {
    const more = [`Authorization: Bearer ${await confirmedToken(target)}`, `User-Agent: ${agent}`]
    return target.send(text(request, more).replace('{host}', target.host))
  },
  // What was confirmed arrives as well, with the first of them.
  isWanted: ({ method, target }) => `${method} ${target}` === request.line,
})

const byPat = (setting: SettingName, request: Request): Attack =>
  raw(`token: ${request.line} ${(request.fields ?? []).join(' ')}`, setting, text(request, [patField]))

const lines = (all: readonly string[]): readonly Request[] => all.map(line => ({ line }))

const BEYOND_FETCH = lines([
  ...['DELETE /tfs/_apis/projects/1', 'GET /tfs/Main/_apis/projects', 'POST /tfs/Main/_apis/git/repositories/r/pushes'],
  ...['GET /tfs/Main/_git/r/info/refs?service=git-receive-pack', 'POST /tfs/Main/_git/r/git-receive-pack'],
  ...[
    'GET /o/r.git/info/refs?service=git%2Dreceive-pack',
    'POST /g/r.git/ssh-receive-pack',
    'POST /o/r.git/info/lfs/locks',
  ],
  ...['PUT /o/r.git/gitlab-lfs/objects/abc/1', 'GET /r/info/refs?service=git-upload-pack&service=git-receive-pack'],
  ...['POST /api/v1/repos/o/r/contents/git-upload-pack', 'POST /api/v1/repos/o/r/contents/x.git/git-upload-pack'],
  ...['PUT /rest/api/1.0/projects/K/repos/r/browse/x.git/info/lfs/y', 'POST /o/r/_new/main/x.git/git-upload-pack'],
  ...['POST /o/r/wiki/x.git/git-upload-pack', 'DELETE /o/r.git/HEAD', 'DELETE /o/r.git/info/lfs/locks/1'],
  ...['POST /tfs/x/../_apis/projects/git-upload-pack', 'POST /tfs/x%2f..%2f_apis/git-upload-pack'],
])

const BEYOND_READING = lines([
  ...['DELETE /tfs/Main/_apis/projects/1', 'GET /tfs/Other/_apis/projects', 'GET /', 'GET /tfs/Main/../Other/x'],
  ...['GET /tfs/Main%2f..%2fOther/x', 'GET /tfs/Main/..;/Other/x', 'POST /tfs/Main/_git/r/git-receive-pack'],
])

const TOKENS = lines([
  ...['POST /tfs/_apis/tokens/pats', 'POST /tfs/C/_apis/Token/SessionTokens', 'POST /api/v1/users/ada/tokens'],
  ...['POST /api/v1/user/keys', 'POST /API/v1/user/KEYS/', 'POST /api/v1//user/keys', 'POST /api/v1/user%2fkeys'],
  ...['POST /tfs/_apis/(S(x))/tokens/pats', 'POST /tfs/(S(x))/_apis/tokens/pats'],
  ...[
    'POST /api/v1/us%2565r/keys',
    'POST /api/v1/user;x/keys',
    'POST /api/v1/user\\keys',
    'POST /api/v1/x/../user/keys',
  ],
  ...[
    'POST /api/v1/user/applications/oauth2',
    'POST /api/v4/user/keys.json',
    'POST /api/v4/projects/g%2Fp/access_tokens',
  ],
  ...[
    'POST /api/v4/personal_access_tokens/self/rotate',
    'POST /oauth/applications',
    'GET /login/oauth/authorize?client_id=x',
  ],
  ...['PUT /rest/access-tokens/1.0/users/ada', 'POST /rest/ssh/latest/keys', 'PUT /rest/applinks/3.0/applicationlink'],
])

const LASTING = lines([
  ...['POST /tfs/Main/_apis/hooks/subscriptions', 'POST /tfs/Main/_apis/distributedtask/pools/1/agents'],
  ...['POST /api/v1/repos/o/r/keys', 'PUT /api/v4/projects/7/members/1', 'POST /rest/api/1.0/projects/K/webhooks'],
])

const ISSUE = 'ms.vss-token-web.personal-access-token-issue-session-token-provider'
const JSON_TYPE = 'Content-Type: application/json'
const query = (content: string, ...fields: string[]): Request => ({
  ...{ line: 'POST /tfs/Main/_apis/Contribution/HierarchyQuery', fields, content },
})
const QUERIES = [
  query(`{"contributionIds":["${ISSUE}"]}`, JSON_TYPE),
  query(`{"contributionIds":["${ISSUE.replace('issue', '\\u0069ssue')}"]}`, JSON_TYPE),
  query(`{"contributionIds":["${ISSUE}"],"contributionIds":[]}`, JSON_TYPE),
  query(`${' '.repeat(70_000)}{"contributionIds":["${ISSUE}"]}`, JSON_TYPE),
  query('{}', JSON_TYPE, 'Content-Encoding: gzip'),
  query('contributionIds=x', 'Content-Type: application/x-www-form-urlencoded'),
  { line: 'POST /api/graphql?query=mutation%7BpersonalAccessTokenCreate(input%3A%7B%7D)%7Btoken%7D%7D' },
  { ...query('{}', JSON_TYPE), line: 'POST /api/graphql?query=mutation%7BpersonalAccessTokenCreate%7D' },
]

const under = (setting: SettingName): readonly Attack[] => [
  ...[...BEYOND_FETCH, ...TOKENS, ...LASTING, ...QUERIES].map(request => byGrant(setting, GIT, request)),
  ...[...BEYOND_READING, ...TOKENS, ...LASTING, ...QUERIES].map(request => byGrant(setting, CURL, request)),
  ...[...TOKENS, ...QUERIES].map(request => byPat(setting, request)),
]

export const grantAttacks: readonly Attack[] = [
  ...under('plain'),
  ...under('two workers on Redis').filter((_, index) => index % 5 === 0),
]
