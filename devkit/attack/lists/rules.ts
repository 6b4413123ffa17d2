/** Ways around the rules of `SETTINGS.rules`: other spellings of a path, a method or an operation, and handshakes. */
import { HANDSHAKE_FIELDS } from '../../clients/handshake-fields.ts'
import { patField } from '../../torhaus/proxy-under-test.ts'
import { type Attack, request } from '../attack.ts'
import type { SettingName } from '../settings.ts'

/** Under `no-administration` and `no-user-administration`, with a personal access token. */
const REFUSED_PATHS = [
  ...['/tfs/_admin/users', '/tfs/_ADMIN/users', '/tfs//_admin/users', '/tfs/./_admin/users', '/tfs/x/../_admin/users'],
  ...[
    '/tfs/%5fadmin/users',
    '/tfs/_%61dmin/users',
    '/tfs/_admin%2fusers',
    '/tfs%2f_admin/users',
    '/tfs/_admin;a=b/users',
  ],
  ...['/tfs\\_admin\\users', '/tfs/_admin./users', '/tfs/_%2561dmin/users', '/tfs/_%u0061dmin/users'],
  ...['/tfs/_admin/', '/tfs/_admin/.', '/tfs/%c1%9fadmin/users', '/tfs/_admin%20/users', '/tfs/_admin%00/users'],
  ...['/api/v1/admin/users', '/api/v1/admin/users/', '/api/v1/admin/users/.', '/api/v1/admin/users%2f'],
  ...['/api/v1//admin/users', '/API/v1/admin/users', '/api/v1/admin/users;x', '/api/v1/admin/users?x=1'],
]

const OVERRIDES = [
  ...['X-HTTP-Method-Override: DELETE', 'X_HTTP_Method_Override: DELETE', 'X.HTTP.Method.Override: DELETE'],
  ...['X-Method-Override: DELETE', 'X-HTTP-Method: DELETE', 'x-http-method-override: delete'],
]

const METHODS_OF_NOBODY = ['X-HTTP-Method-Override: TRACE', 'X_HTTP_Method: connect', 'X.Method.Override: GET, TRACE']

const PUSHES = [
  ...['POST /tfs/_git/r/git-receive-pack', 'POST /tfs/_git/r/git-receive-pack/', 'POST /tfs/_git/r//git-receive-pack'],
  ...['GET /tfs/_git/r/info/refs?service=git-receive-pack', 'GET /tfs/_git/r/info/refs?service=git%2Dreceive-pack'],
  ...['GET /tfs/_git/r/info/refs?%73ervice=git-receive-pack', 'GET /tfs/_git/r/info/refs/?service=git-receive-pack'],
  ...['GET /r.git/info/refs?service=git-upload-pack&service=git-receive-pack', 'POST /r.git/ssh-receive-pack'],
  ...['PUT /r.git/gitlab-lfs/objects/abc/1', 'POST /r.git/info/lfs/locks'],
]

const ANONYMOUS = [
  ...['/badge/..%2f..%2ftfs%2fsecret', '/badge/..%u002f..%u002ftfs%u002fsecret', '/badge/%2e%2e/tfs/secret'],
  ...[
    '/badge/..\\..\\tfs\\secret',
    '/badge/..;/tfs',
    '/badge/%252e%252e%252ftfs',
    '/badge/a%5c..%5ctfs',
    '/badge/a%2fb',
  ],
]

const PREFLIGHT = ['Origin: https://evil.example', 'Access-Control-Request-Method: DELETE']

const under = (setting: SettingName): readonly Attack[] => [
  ...REFUSED_PATHS.flatMap(path => [
    request(`rule on paths: GET ${path}`, setting, `GET ${path}`, [patField]),
    request(`rule on paths: handshake ${path}`, setting, `GET ${path}`, [patField, ...HANDSHAKE_FIELDS]),
  ]),
  ...OVERRIDES.map(field =>
    request(`rule on methods: ${field}`, setting, 'POST /x', [patField, field, 'Content-Length: 0']),
  ),
  ...METHODS_OF_NOBODY.map(field =>
    request(`rule on methods: ${field}`, setting, 'POST /x?_method=trace', [patField, field, 'Content-Length: 0']),
  ),
  request('rule on methods: DELETE', setting, 'DELETE /x', [patField]),
  ...PUSHES.map(line => request(`rule on pushes: ${line}`, setting, line, [patField, 'Content-Length: 0'])),
  ...ANONYMOUS.flatMap(path => [
    request(`rule that asks nothing: ${path}`, setting, `GET ${path}`),
    request(`rule that asks nothing: handshake ${path}`, setting, `GET ${path}`, HANDSHAKE_FIELDS),
  ]),
  ...[
    ['Content-Length: 3', 'X-HTTP-Method-Override: DELETE'],
    ['Cookie: FedAuth=abc', 'Content-Length: 0'],
  ].map((fields, index) =>
    request(`preflight ${index} that is none`, setting, 'OPTIONS /tfs/_admin/users', [...PREFLIGHT, ...fields]),
  ),
]

export const ruleAttacks: readonly Attack[] = [
  ...under('rules'),
  ...under('two workers').filter((_, index) => index % 4 === 0),
  ...under('two workers on Redis').filter((_, index) => index % 4 === 1),
]
