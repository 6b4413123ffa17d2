import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { basic, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const html = 'Accept: text/html,application/xhtml+xml'
const agents = {
  browser: 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
  git: 'User-Agent: git/2.50.1',
  lfs: 'User-Agent: git-lfs/3.6.1 (GitHub; linux amd64; go 1.23)',
  visualStudio: 'User-Agent: Team Foundation (devenv.exe, 15.129.30720.4, Enterprise, SKU:54)',
  teamExplorer: 'User-Agent: Team  Explorer  Everywhere, SKU:7 (1.0)',
  agent: 'User-Agent: VstsAgentCore-linux-x64/4.255.0 (Linux) VSServices/16.0',
  curl: 'User-Agent: curl/8.14.1',
}
const oneFactor = async () =>
  `Authorization: Bearer ${await proxy.fixture.op.issueAccessToken('carol', { acr: undefined })}`

test("a browser's navigation is led to the sign-in, and from there back", async () => {
  const response = await proxy.ask('GET /a/b?c=d&e=%20f', [agents.browser, html, 'Sec-Fetch-Mode: navigate'])
  assert.equal(response.status, 302)
  const location = new URL(response.one('Location') ?? '')
  assert.equal(location.origin + location.pathname, `${proxy.fixture.url}/.torhaus/sign-in`)
  assert.equal(location.searchParams.get('return_to'), '/a/b?c=d&e=%20f')
  assert.equal(response.one('Cache-Control'), 'no-store')
})

/** What makes a browser's request no navigation: scripts and forms are never redirected. */
const notNavigations: Record<string, [line: string, ...fields: string[]]> = {
  'a fetch by a script': ['GET /', html, 'Sec-Fetch-Mode: cors'],
  'an XHR that says so': ['GET /', html, 'X-Requested-With: XMLHttpRequest'],
  'a request for JSON': ['GET /', 'Accept: application/json'],
  'a form that is sent': ['POST /', html, 'Content-Length: 0'],
  'a request that forbids federated redirects': ['GET /', html, 'X-TFS-FedAuthRedirect: Suppress'],
  'a request that handles reauthentication': ['GET /', html, 'X-VSS-ReauthenticationAction: Suppress'],
  'an image': ['GET /', 'Accept: image/avif,*/*;q=0.8', 'Sec-Fetch-Mode: no-cors'],
}

for (const [what, [line, ...fields]] of Object.entries(notNavigations)) {
  test(`${what} gets 401, never a redirect`, async () => {
    const response = await proxy.ask(line, [agents.browser, ...fields])
    assert.equal(response.status, 401)
    assert.equal(response.one('Location'), undefined)
  })
}

/** Named like browsers. With what they were given they answer a challenge that they understand, and no other. */
const namedLikeBrowsers = [
  'Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.19041.1',
  'Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.4.6',
  'Mozilla/5.0 (Linux; Debian GNU/Linux 12 (bookworm); en-US) PowerShell/7.5.0',
  'Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)',
  'Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)',
]

for (const agent of namedLikeBrowsers)
  test(`${agent} is a program: Basic is offered to it, and it is never redirected`, async () => {
    const response = await proxy.ask('GET /tfs/_apis/projects', [`User-Agent: ${agent}`, html])
    assert.equal(response.status, 401)
    assert.ok(response.all('WWW-Authenticate').some(challenge => challenge.startsWith('Basic ')))
    assert.equal((await proxy.record(response))['torhaus.client_class'], 'rest')
  })

/** Given Negotiate beside Basic, JGit tries a ticket alone: it has to be offered what rules offer to git. */
for (const agent of ['JGit/6.10.0.202406032230-r', 'go-git/5.12.0'])
  test(`${agent} is a git`, async () => {
    const response = await proxy.ask('GET /p/_git/r/info/refs?service=git-upload-pack', [`User-Agent: ${agent}`])
    assert.match(response.one('Content-Type') ?? '', /^text\/plain/)
    assert.equal((await proxy.record(response))['torhaus.client_class'], 'git')
  })

/** Each accepts HTML, among the rest. */
const acceptHtml = {
  'the JDK': ['User-Agent: Java/21.0.4', 'Accept: text/html, image/gif, image/jpeg, */*; q=0.2'],
  'an old JDK': ['User-Agent: Java/1.8.0_422', 'Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2'],
  Maven: ['User-Agent: Apache-Maven/3.9.9 (Java 21.0.4; Linux 6.1.0)', 'Accept: text/html, */*'],
  Gradle: ['User-Agent: Gradle/8.10 (Linux;6.1.0;amd64)', 'Accept: text/html, */*'],
  'Team Explorer Everywhere': [agents.teamExplorer, 'Accept: text/html, image/gif, image/jpeg, */*; q=0.2'],
  'a program without a name': ['Accept: text/html, */*'],
}

for (const [client, fields] of Object.entries(acceptHtml)) {
  test(`${client} accepts HTML and is no browser: 401 with challenges`, async () => {
    const response = await proxy.ask('GET /maven2/com/example/example.pom', fields)
    assert.equal(response.status, 401)
    assert.equal(response.one('Location'), undefined)
    const schemes = response.all('WWW-Authenticate').map(challenge => challenge.split(' ')[0])
    assert.deepEqual(schemes, ['Bearer', 'Basic'])
  })
}

test('a browser of any name that says that it navigates is led to the sign-in, and one that does not say so by its name', async () => {
  for (const fields of [['User-Agent: Lynx/2.9', 'Sec-Fetch-Mode: navigate'], [agents.browser]])
    assert.equal((await proxy.ask('GET /', [html, ...fields])).status, 302)
})

for (const [client, agent] of Object.entries(agents).filter(([client]) => client !== 'browser')) {
  test(`${client} gets one challenge line per scheme, and what NuGet looks for`, async () => {
    const response = await proxy.ask('GET /', [agent])
    assert.equal(response.status, 401)
    const challenges = response.all('WWW-Authenticate')
    assert.equal(challenges.filter(challenge => challenge.startsWith('Bearer realm="')).length, 1)
    assert.equal(challenges.filter(challenge => challenge.startsWith('Basic realm="')).length, 1)
    assert.equal(challenges.length, 2)
    assert.ok(response.one('X-VSS-E2EID'))
    for (const name of ['X-VSS-ResourceTenant', 'X-GitHub-Request-Id', 'X-Gitlab-Feature-Category', 'X-AREQUESTID'])
      assert.equal(response.one(name), undefined)
    assert.equal(response.one('Location'), undefined)
  })
}

test('git reads a plain sentence, a URL to open and the id', async () => {
  const response = await proxy.ask('GET /_git/demo/info/refs?service=git-upload-pack', [agents.git, await oneFactor()])
  assert.equal(response.status, 403)
  assert.match(response.one('Content-Type') ?? '', /^text\/plain/)
  assert.match(response.text, /second factor/)
  assert.ok(response.text.includes(`${proxy.fixture.url}/.torhaus/`))
  assert.ok(response.text.includes(response.one('X-Request-Id') ?? 'no id'))
})

test('git-lfs reads its own JSON', async () => {
  const response = await proxy.ask('POST /demo.git/info/lfs/objects/batch', [
    agents.lfs,
    await oneFactor(),
    'Content-Length: 0',
  ])
  assert.equal(response.one('Content-Type'), 'application/vnd.git-lfs+json')
  assert.match(JSON.parse(response.text).message, /second factor/)
  assert.deepEqual(
    response.all('Lfs-Authenticate').filter(challenge => /ntlm/i.test(challenge)),
    [],
  )
})

test('Visual Studio reads what it shows in its dialog', async () => {
  const response = await proxy.ask('POST /Services/v3.0/LocationService.asmx', [
    agents.visualStudio,
    'Content-Length: 0',
  ])
  assert.equal(response.status, 401)
  assert.match(decodeURIComponent(response.one('X-TFS-ServiceError') ?? ''), /sign in/i)
})

test('a REST client reads problem details (RFC 9457)', async () => {
  const response = await proxy.ask('GET /_apis/projects', [agents.curl, basic('ada', 'directory password')])
  assert.equal(response.one('Content-Type'), 'application/problem+json')
  const problem = JSON.parse(response.text)
  assert.deepEqual(
    { ...problem, title: typeof problem.title },
    {
      type: 'urn:torhaus:error:password-unavailable',
      title: 'string',
      status: 401,
      code: 'password-unavailable',
      requestId: response.one('X-Request-Id'),
    },
  )
})

test('npm and NuGet read what they print, and an ordinary first request warns of nothing', async () => {
  const npm = 'User-Agent: npm/11.6.0 node/v26.10.0 linux x64 workspaces/false'
  const nuget = 'User-Agent: NuGet Command Line/6.12.1 (Linux)'
  for (const [agent, fields, notice, warning] of [
    [npm, [], 'Sign in, or send a token.', undefined],
    [nuget, [], 'Sign in, or send a token.', undefined],
    [npm, [basic('ada', 'directory password')], /password/, /password/],
    [nuget, [await oneFactor()], undefined, /\/\.torhaus\/confirm\//],
  ] as const) {
    const response = await proxy.ask('GET /_packaging/feed', [agent, ...fields])
    for (const [name, expected] of [
      ['npm-notice', notice],
      ['X-NuGet-Warning', warning],
    ] as const) {
      const value = response.one(name)
      if (expected instanceof RegExp) assert.match(value ?? '', expected)
      else assert.equal(value, expected)
    }
    assert.ok(JSON.parse(response.text).error.length > 0)
  }
})

test('clients of container registries, whatever their name, read the errors of their specification, with the link to confirm', async () => {
  for (const agent of ['skopeo/1.9.3', 'docker/27.3.1 go/go1.23', 'Go-http-client/1.1', 'of-my-own/1.0']) {
    const fields = [`User-Agent: ${agent}`, await oneFactor()]
    const response = await proxy.ask('GET /v2/demo/app/manifests/latest', fields)
    const [error] = JSON.parse(response.text).errors
    assert.deepEqual([response.status, error.code, Object.keys(error)], [403, 'DENIED', ['code', 'message']])
    assert.match(error.message, /\/\.torhaus\/confirm\//)
  }
})

test('cargo and uv read what they print, with the link to confirm', async () => {
  for (const agent of ['cargo/1.95.0 (f2d3ce0bd 2026-03-21)', 'uv/0.13.9 {"installer":{"name":"uv"}}']) {
    const response = await proxy.ask('PUT /feed/api/v1/crates/new', [`User-Agent: ${agent}`, await oneFactor()])
    const { title, detail, errors } = JSON.parse(response.text)
    assert.match(detail, /^Open http:.*\/\.torhaus\/confirm\/.* in a browser to confirm/)
    assert.equal(errors[0].detail, `${title} ${detail}`)
  }
})

/** As uv sends when it publishes, pip when it looks for a package, and the JDK with every request. */
const ACCEPT_PAGES = [
  ['uv/0.13.9 {}', 'application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7'],
  [
    'pip/23.2.1 {}',
    'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01',
  ],
  ['Java/21.0.4', 'text/html, image/gif, image/jpeg, */*; q=0.2'],
  ['VstsAgentCore-linux-x64/4.255.0 (Linux)', 'text/html, */*'],
] as const

for (const [agent, accept] of ACCEPT_PAGES)
  test(`${agent} accepts a page, would print its source, and gets problem details`, async () => {
    const fields = [`User-Agent: ${agent}`, `Accept: ${accept}`, await oneFactor()]
    const response = await proxy.ask('GET /feed/simple/six/', fields)
    assert.deepEqual([response.status, response.one('Content-Type')], [403, 'application/problem+json'])
  })

test('a browser reads a page without script, which nobody can frame, and in which nothing it sent is markup', async () => {
  const response = await proxy.ask('GET /%3Cscript%3E?%3Cscript%3E', [agents.browser, html, await oneFactor()])
  assert.equal(response.status, 403)
  assert.match(response.one('Content-Type') ?? '', /^text\/html/)
  assert.match(response.one('Content-Security-Policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/)
  assert.doesNotMatch(response.text, /<script/i)
  assert.match(response.text, /second factor/)
})

test('a refused access token is named in the Bearer challenge (RFC 6750 3.1)', async () => {
  const expired = await proxy.fixture.op.issueAccessToken('ada', { exp: 1_000_000_000 })
  const response = await proxy.ask('GET /', [`Authorization: Bearer ${expired}`])
  assert.equal(response.one('X-Torhaus-Error'), 'bearer-expired')
  assert.ok(response.all('WWW-Authenticate').some(challenge => /^Bearer .*error="invalid_token"/.test(challenge)))
})
