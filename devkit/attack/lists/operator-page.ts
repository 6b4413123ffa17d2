/**
 * The pages for operators: read without their credential, or made to end sessions by a page of another site, whose
 * browser sends the credential along. What comes of it is told to the origin server, where attacks are counted.
 */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { BrowserClient } from '../../clients/browser-client.ts'
import { signIn } from '../../op/user-agent.ts'
import type { Attack, Target } from '../attack.ts'

type Fields = Readonly<Record<string, string>>

const STOLEN = '/stolen-from-operators'

const attack = (name: string, run: (target: Target, admin: Admin) => Promise<boolean>): Attack => ({
  name: `operator's page: ${name}`,
  setting: 'operator',
  async run(target) {
    if (target.admin === undefined) throw new Error('these attacks need an admin listener with a credential')
    if (await run(target, target.admin)) await fetch(`${target.origin.url}${STOLEN}`)
  },
  isWanted: ({ target }) => target === STOLEN,
})

type Admin = NonNullable<Target['admin']>

/** As it is: no path is made plain, and Host is as given. */
async function send(port: number, method: string, path: string, headers: Fields, content = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, response =>
    text(response).then(resolve, reject),
  )
  sent.on('error', reject).end(content)
  return promise
}

const isPage = (answer: string) => /At a glance|Who is signed in|Refusals and faults|Decision trace/.test(answer)

const bearer = (credential: string): Fields => ({ Authorization: `Bearer ${credential}` })

const PAGES = ['/operator', '/operator/person?account=ada', '/operator/refusals', '/operator/request?id=x']

/** What somebody without the credential may send in its place. */
const WITHOUT: Readonly<Record<string, (admin: Admin, target: Target) => Fields | Promise<Fields>>> = {
  'no credential': () => ({}),
  'a wrong one': () => bearer('d3JvbmctYnV0LWxvbmctZW5vdWdo'),
  'a wrong password': () => ({ Authorization: `Basic ${btoa('operator:wrong')}` }),
  'an empty password': () => ({ Authorization: `Basic ${btoa('operator:')}` }),
  'the credential without its last character': ({ credential }) => bearer(credential.slice(0, -1)),
  'the credential in a cookie': ({ credential }) => ({ Cookie: `credential=${credential}; torhaus=${credential}` }),
  'a token of the OP': async (_, { op, ada }) => bearer(await op.issueAccessToken(ada.name)),
}

const reading = Object.entries(WITHOUT).flatMap(([what, fieldsOf]) =>
  PAGES.map(page =>
    attack(`GET ${page} with ${what}`, async (target, admin) =>
      isPage(await send(admin.port, 'GET', page, await fieldsOf(admin, target))),
    ),
  ),
)

const SPELLINGS = ['/operator/', '//operator', '/OPERATOR', '/livez/../operator', '/%6fperator', '/operator?x=/livez']

const spelled = SPELLINGS.map(path =>
  attack(`GET ${path} without credential`, async (_, { port }) => isPage(await send(port, 'GET', path, {}))),
)

const HOSTS = ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example']

const rebound = HOSTS.map(host =>
  attack(`at ${host}, with the credential that the browser has`, async (_, { port, credential }) =>
    isPage(await send(port, 'GET', '/operator', { Host: host, ...bearer(credential) })),
  ),
)

const atTheClients = attack('at the listener of the clients, with the credential', async ({ port }, { credential }) =>
  isPage(await send(port, 'GET', '/operator', bearer(credential))),
)

/** Tries to end what ada has, by a form of a page that an operator was shown of `shown`. True where her session has ended. */
const ending = (
  name: string,
  fieldsOf: (admin: Admin, target: Target) => Fields,
  change: (form: URLSearchParams) => void = () => undefined,
  shown = 'ada',
): Attack =>
  attack(name, async (target, admin) => {
    const ada = new BrowserClient()
    await signIn(ada, `${target.publicUrl}/`, target.ada)
    const page = await send(admin.port, 'GET', `/operator/person?account=${shown}`, bearer(admin.credential))
    const token = /value="person".*?name="token" value="([^"]+)"/s.exec(page)?.[1] ?? ''
    const form = new URLSearchParams({ what: 'person', account: 'ada', key: '', token })
    change(form)
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
    await send(admin.port, 'POST', '/operator/end', { ...type, ...fieldsOf(admin, target) }, String(form))
    return (await ada.send(`${target.publicUrl}/`)).status !== 200
  })

const own = ({ port, credential }: Admin): Fields => ({ ...bearer(credential), Origin: `http://127.0.0.1:${port}` })

const ORIGINS: Readonly<Record<string, (admin: Admin, target: Target) => Fields>> = {
  'a page of another site': () => ({ Origin: 'http://evil.example' }),
  'a page without an origin': () => ({ Origin: 'null' }),
  'no page': () => ({}),
  'a page of the listener of the clients': (_, { publicUrl }) => ({ Origin: publicUrl }),
  'a page at another port': ({ port }) => ({ Origin: `http://127.0.0.1:${port + 1}` }),
  'a page whose name begins as ours': ({ port }) => ({ Origin: `http://127.0.0.1:${port}.evil.example` }),
  'a page of another site, as the browser says': admin => ({ ...own(admin), 'Sec-Fetch-Site': 'cross-site' }),
}

const forged = [
  ...Object.entries(ORIGINS).map(([who, originOf]) =>
    ending(`${who} sends the form`, (admin, target) => ({ ...bearer(admin.credential), ...originOf(admin, target) })),
  ),
  ending('the form with no credential', admin => ({ Origin: own(admin).Origin ?? '' })),
  ending('the form with a wrong credential', admin => ({ ...own(admin), ...bearer('d3JvbmctYnV0LWxvbmctZW5vdWdo') })),
  ending('the form without its token', own, form => form.delete('token')),
  ending('the form with the token for somebody else', own, () => undefined, 'carol'),
  ending('the form in another spelling than its token is for', own, form => form.set('account', 'ADA')),
  ending('the form as JSON', admin => ({ ...own(admin), 'Content-Type': 'application/json' })),
  ending('the form as plain text', admin => ({ ...own(admin), 'Content-Type': 'text/plain' })),
]

export const operatorPageAttacks: readonly Attack[] = [...reading, ...spelled, ...rebound, atTheClients, ...forged]
