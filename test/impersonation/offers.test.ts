import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const GIT = 'git/2.47.3'
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

let lab: ProxyLab
let proxy: LabProxy

before(async () => {
  lab = await startProxyLab()
  proxy = await lab.proxy({
    configure: config => ({
      ...config,
      credentials: {
        ...config.credentials,
        offer: ['Bearer', 'Basic'],
        offerRules: [
          { clientClasses: ['git', 'git-lfs'], path: '/kerberos/', offer: ['Negotiate', 'Basic'] },
          { clientClasses: ['git', 'git-lfs'], offer: ['Basic'] },
          { path: '/intranet(/|$)', offer: ['Negotiate'] },
        ],
      },
    }),
  })
})
after(() => lab.close())

async function offered(path: string, userAgent: string, more: Record<string, string> = {}): Promise<string[]> {
  const answer = await proxy.ask(path, { headers: { 'user-agent': userAgent, ...more } })
  assert.equal(answer.status, 401)
  return answer.all('www-authenticate').map(value => value.split(' ', 1)[0] ?? '')
}

test('the schemes offered go by path and kind of client, the first rule that fits deciding', async () => {
  assert.deepEqual(await offered('/whoami', 'curl/8.14.1'), ['Bearer', 'Basic'])
  assert.deepEqual(await offered('/git/demo.git/info/refs', GIT), ['Basic'])
  assert.deepEqual(await offered('/kerberos/demo.git/info/refs', GIT), ['Negotiate', 'Basic'])
  assert.deepEqual(await offered('/kerberos/page', 'curl/8.14.1'), ['Bearer', 'Basic'])
  assert.deepEqual(await offered('/intranet/page', 'curl/8.14.1'), ['Negotiate'])
  assert.deepEqual(await offered('/intranet-not', 'curl/8.14.1'), ['Bearer', 'Basic'])
})

test('a browser is asked for a ticket where Negotiate is offered, and sent to the sign-in where it is not', async () => {
  const navigation = { 'user-agent': BROWSER, accept: 'text/html', 'sec-fetch-mode': 'navigate' }
  const asked = await proxy.ask('/intranet', { headers: navigation })
  assert.deepEqual([asked.status, asked.all('www-authenticate')], [401, ['Negotiate']])
  assert.match(asked.body, /href="\/\.torhaus\/sign-in\?return_to=%2Fintranet"/)
  const sent = await proxy.ask('/whoami', { headers: navigation })
  assert.deepEqual([sent.status, new URL(sent.headers.location ?? '').pathname], [302, '/.torhaus/sign-in'])
})

test('what is offered is a matter of the challenge alone: a ticket passes where it was not asked for', async () => {
  const headers = { 'user-agent': GIT, ...negotiate(await lab.token('alice')) }
  assert.equal((await proxy.ask('/whoami', { headers })).body, seenAs('alice'))
})
