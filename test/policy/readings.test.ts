/** What the rules make of requests that can be read in more ways than one, enforced and report-only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestFieldReader } from '../../src/http/request-fields.ts'
import { requestReadings } from '../../src/http/request-readings.ts'
import { parseRequestTarget } from '../../src/http/request-target.ts'
import { AGENT_TOKEN_RULE, type RuleSettings } from '../../src/policy/agent-token-rule.ts'
import type { Facts } from '../../src/policy/conditions.ts'
import { type Reading, Rules, type RulesOptions } from '../../src/policy/rules.ts'

const reader = new RequestFieldReader([], 20)
const FORM = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 9']
const enforced: RulesOptions = { formMayNameMethod: true, reportOnly: [] }

function rule(name: string, require: RuleSettings['require'], when: Partial<RuleSettings['when']>): RuleSettings {
  const nothing = { methods: [], schemes: [], clientClasses: [], networks: [], groups: [] }
  return {
    name,
    require,
    when: { ...nothing, ...when },
    reportOnly: false,
    allowIdentityChange: false,
    allowLastingRights: false,
  }
}

function read(
  rules: readonly RuleSettings[],
  line: string,
  lines: readonly string[] = [],
  options = enforced,
): Reading {
  const [method = '', url = ''] = line.split(' ')
  const fields = reader.read(lines.flatMap(each => each.split(': ')))
  const target = parseRequestTarget(url, method, '')
  assert.ok(typeof fields === 'object' && typeof target === 'object')
  const readings = requestReadings(method, target, fields)
  assert.ok(typeof readings !== 'string')
  const facts: Facts = {
    ...{ method, target, readings, fields, clientAddress: '192.0.2.1', clientClass: 'other' },
    ...{ credentials: { scheme: 'none' }, principal: { kind: 'anonymous', because: 'credentials-missing' } },
  }
  return new Rules(rules, options).read(facts)
}

const decides = (...question: Parameters<typeof read>) => read(...question).decides.rule

const open = rule('open', 'nothing', { path: '/open/[^/]+' })
const closed = rule('closed', 'refuse', { path: '/closed(/.*)?' })
const fresh = rule('fresh', 'second-factor', { path: '/fresh' })
const noDelete = rule('no-delete', 'refuse', { methods: ['DELETE'] })
const hooks = rule('hooks', 'nothing', { methods: ['POST'], path: '/hooks' })
const noPush = rule('no-push', 'refuse', { gitOperation: 'push' })
const reads = rule('reads', 'first-factor', { gitOperation: 'fetch' })

test('a rule that asks for less fits where every reading does, and one that asks for more where any does', () => {
  assert.equal(decides([open], 'GET /open/x'), 'open')
  assert.equal(decides([open], 'GET /open/a%20b'), 'open')
  assert.equal(decides([open], 'GET /open/%E4%BD%A0'), 'open')
  for (const path of ['/open/a%2Fb', '/open/..', '/open/a;b', '/open/a%5cb', '/open/%u0061'])
    assert.equal(decides([open], `GET ${path}`), 'second-factor', path)
  assert.equal(decides([closed, open], 'GET /open/..%2f..%2fclosed'), 'closed')
})

test('HEAD is GET to a rule that asks for more, and itself to one that asks for less', () => {
  const when = { methods: ['GET'], path: '/pages' }
  assert.equal(decides([rule('no-pages', 'refuse', when)], 'HEAD /pages'), 'no-pages')
  assert.equal(decides([rule('pages', 'nothing', when)], 'HEAD /pages'), 'second-factor')
  assert.equal(decides([rule('no-heads', 'refuse', { ...when, methods: ['HEAD'] })], 'GET /pages'), 'second-factor')
})

test('a session without cookies, as System.Web takes it out of a path, hides nothing', () => {
  for (const path of [
    '/(S(x))/closed',
    '/clo/(S(x))sed',
    '/closed/(A(x)S(y))/z',
    '/%28S(x))/closed',
    '/(S(x))/(S(y))/closed',
  ])
    assert.equal(decides([closed], `GET ${path}`), 'closed', path)
  for (const path of ['/open/(S(x))', '/open/x/(S(y))/', '/open/%28S(x)%29'])
    assert.equal(decides([open], `GET ${path}`), 'second-factor', path)
  for (const path of ['/open/(x)', '/open/f(S(x))', '/open/(draft)(2)'])
    assert.equal(decides([open], `GET ${path}`), 'open', path)
})

test('what Bitbucket takes for the version of a static file hides nothing', () => {
  for (const path of ['/s/x/_/closed', '/s/1/2/_/3/_/closed/z', '/git/s/x/_/../_/closed', '/s/x%2f_/closed'])
    assert.equal(decides([rule('closed', 'refuse', { path: '(/git)?/closed(/.*)?' })], `GET ${path}`), 'closed', path)
  const files = rule('files', 'nothing', { path: '/s/.*' })
  assert.equal(decides([files], 'GET /s/x/_/download/batch.js'), 'second-factor')
  const both = [rule('files', 'nothing', { path: '(/s/.+/_)?/download/.*' })]
  assert.equal(decides(both, 'GET /s/x/_/download/batch.js'), 'files')
  assert.equal(decides(both, 'GET /s/x/_/rest/api/1.0/users'), 'second-factor')
  assert.equal(decides([rule('open', 'nothing', { path: '/o/.*' })], 'GET /o/s_/_/_s/x'), 'open')
})

test('what any reading requires is required, and refusals come first', () => {
  const { decides: first, also, isAmbiguous } = read([open, fresh, closed], 'GET /open/..%2f..%2ffresh%2f..%2fclosed')
  assert.deepEqual([first.rule, isAmbiguous], ['closed', true])
  assert.ok(also.some(({ rule: name }) => name === 'second-factor'))
})

test('a slash at the end is overlooked by rules that ask for more only', () => {
  assert.equal(decides([closed, fresh], 'GET /fresh/'), 'fresh')
  assert.equal(decides([open], 'GET /open/x/'), 'second-factor')
})

test('a method that is overridden, in any spelling, is what a rule on methods speaks of', () => {
  for (const field of ['X-HTTP-Method-Override: DELETE', 'x_http_method: delete', 'X.Method.Override: GET, DELETE'])
    assert.equal(decides([noDelete], 'POST /x', [field]), 'no-delete', field)
  assert.equal(decides([hooks], 'POST /hooks', ['X-HTTP-Method-Override: PUT']), 'second-factor')
  assert.equal(decides([hooks], 'POST /hooks', ['X-HTTP-Method-Override: POST']), 'hooks')
})

test('a form may name any method, unless the server is known not to read it there', () => {
  assert.equal(decides([noDelete], 'POST /x', FORM), 'no-delete')
  assert.equal(decides([noDelete], 'POST /x', ['Content-Length: 9']), 'no-delete')
  assert.equal(decides([hooks], 'POST /hooks', FORM), 'second-factor')
  assert.equal(decides([hooks], 'POST /hooks', ['Content-Type: application/json', 'Content-Length: 2']), 'hooks')
  assert.equal(decides([hooks], 'POST /hooks', ['Content-Length: 0']), 'hooks')
  const known = { ...enforced, formMayNameMethod: false }
  assert.equal(decides([noDelete], 'POST /x', FORM, known), 'second-factor')
  assert.equal(decides([hooks], 'POST /hooks', FORM, known), 'hooks')
})

test('build agents exchange their assertion by a form', () => {
  assert.equal(decides([AGENT_TOKEN_RULE], 'POST /tfs/_apis/oauth2/token', FORM), 'agent-token-exchange')
})

test('uploads of Git LFS are pushes, downloads are not, and a batch may be either', () => {
  const both = [noPush, reads]
  assert.equal(decides(both, 'PUT /o/r.git/info/lfs/objects/abc/1'), 'no-push')
  assert.equal(decides(both, 'GET /o/r.git/info/lfs/objects/abc'), 'reads')
  assert.equal(decides(both, 'POST /o/r.git/info/lfs/objects/batch'), 'no-push')
  assert.equal(decides([reads], 'POST /o/r.git/info/lfs/objects/batch'), 'second-factor')
  assert.equal(decides(both, 'GET /r.git/info/refs?service=git-upload-pack'), 'reads')
  assert.equal(decides([reads], 'GET /r.git/info/refs'), 'second-factor')
})

const REPORTED: readonly [
  RulesOptions['reportOnly'][number],
  RuleSettings,
  line: string,
  fields?: readonly string[],
][] = [
  ['path-readings', closed, 'GET /x/..%c0%afclosed'],
  ['path-readings', fresh, 'GET /fresh/'],
  ['method-override', noDelete, 'POST /x', ['X_HTTP_Method_Override: DELETE']],
  ['method-override', noDelete, 'POST /x', FORM],
  ['git-operation', noPush, 'POST /r.git/info/lfs/objects/batch'],
  ['git-operation', noPush, 'PUT /r.git/info/lfs/objects/abc'],
]

for (const [kind, settings, line, fields] of REPORTED) {
  test(`${line} ${fields ?? ''}: ${kind} can be reported only`, () => {
    assert.equal(decides([settings], line, fields), settings.name)
    const { decides: decided, reports } = read([settings], line, fields, { ...enforced, reportOnly: [kind] })
    assert.equal(decided.rule, 'second-factor')
    assert.deepEqual(
      reports.map(({ rule: name }) => name),
      [settings.name],
    )
  })
}

test('what no server could mean is refused, and an override that is no method', () => {
  const none = reader.read([])
  assert.ok(typeof none === 'object')
  const many = ['%2e%2e;'.repeat(2500), 'a;b/..//%2e%2e\\c./'.repeat(100), '%255c%ef%bc%8f/..'.repeat(100)]
  for (const path of ['/%', '/%zz', '/%u00', '/a%0ab', '/a%2500', ...many.map(text => `/${text}`)])
    assert.equal(requestReadings('GET', { raw: path, path }, none), 'target-malformed', path.slice(0, 20))
  // What GitLab and a wiki are asked for, as long as servers take it.
  for (const path of [`/files/${'src%2F'.repeat(1300)}`, `/wiki/${'%E3%82%B3%2F'.repeat(200)}x%20.md`])
    assert.equal(typeof requestReadings('GET', { raw: path, path }, none), 'object', path.slice(0, 20))
  const odd = { ...none, methodOverrides: ['de lete'] }
  assert.equal(requestReadings('POST', { raw: '/', path: '/' }, odd), 'method-override-malformed')
})

test('a handful of methods may be named beside the one of the request, and no more', () => {
  const none = reader.read([])
  assert.ok(typeof none === 'object')
  const named = (...methodOverrides: string[]) =>
    requestReadings('POST', { raw: '/', path: '/' }, { ...none, methodOverrides })
  assert.equal(typeof named('PUT, DELETE', 'PATCH'), 'object')
  for (const many of ['A,B,C,D,E,F,G,H,I', 'GET,'.repeat(9), ','.repeat(9)])
    assert.equal(named(many), 'method-override-malformed', many)
  assert.equal(named(...Array.from({ length: 9 }, () => 'PUT')), 'method-override-malformed')
  const raw = `/?${'_method=put&'.repeat(9)}`
  assert.equal(requestReadings('POST', { raw, path: '/' }, none), 'method-override-malformed')
})

test('an override that is TRACE or CONNECT is refused as these methods are', () => {
  const none = reader.read([])
  assert.ok(typeof none === 'object')
  for (const override of ['TRACE', 'connect', ' Trace ', 'GET, TRACE'])
    assert.equal(
      requestReadings('POST', { raw: '/', path: '/' }, { ...none, methodOverrides: [override] }),
      'method-refused',
      override,
    )
  for (const raw of ['/?_method=trace', '/?a=b;_METHOD[]=%43ONNECT'])
    assert.equal(requestReadings('POST', { raw, path: '/' }, none), 'method-refused', raw)
})
