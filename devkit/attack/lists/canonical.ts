/** What the rules of `SETTINGS.rules` speak of, in spellings that some server reads and another does not. */
import { HANDSHAKE_FIELDS } from '../../clients/handshake-fields.ts'
import { patField } from '../../torhaus/proxy-under-test.ts'
import { type Attack, request } from '../attack.ts'

/** Where a server could find `/tfs/_admin/users` or `/api/v1/admin/users`. */
const SPELLED = [
  ...['/tfs/_%u0041dmin/users', '/tfs/%u005fadmin/users', '/tfs%u002f_admin/users', '/tfs%u005c_admin/users'],
  ...['/tfs/_%25u0061dmin/users', '/tfs%uff0f_admin/users', '/tfs/%ef%bc%bfadmin/users', '/tfs/_%ef%bd%81dmin/users'],
  ...['/tfs%c0%af_admin/users', '/tfs%e0%80%af_admin/users', '/tfs%f0%80%80%af_admin/users', '/tfs%c1%9c_admin/users'],
  ...['/tfs%25c0%25af_admin/users', '/tfs%c0%2f_admin/users', '/x/%c0%ae%c0%ae/tfs/_admin', '/%e0%80%ae./tfs/_admin'],
  ...[
    '/tfs/_admin%3bx/users',
    '/tfs;x/_admin',
    '/tfs;/_admin;/users',
    '/tfs/x;/../_admin/users',
    '/tfs/..;/tfs/_admin',
  ],
  ...['/tfs/_admin%20', '/tfs/_admin%2e', '/tfs/_admin...', '/tfs/_admin%20.%20/users', '/tfs./_admin/users'],
  ...['/tfs///_admin', '//tfs/_admin', '/tfs/%2f/_admin', '/tfs/./././_admin', '/tfs/.%2f_admin', '/tfs/%2e/_admin/'],
  ...[
    '/tfs/_admin%3fx',
    '/tfs/_admin%23x',
    '/tfs/_admin%253f',
    '/a/..//tfs/_admin',
    '/a//../../tfs/_admin',
    '/../tfs/_admin',
  ],
  ...['/%2561pi/v1/admin/users', '/api/v1/admin/users%2f%2e', '/api/v1/admin/users%5c', '/api/v1/admin/users//'],
  ...['/api/v1/admin/users%252f', '/api/v1/admin/users./', '/api/v1/admin/users/%2e', '/api/v1/admin/users/x/..'],
  ...['/api/v1/admin%2Fusers', '/api/v1/%61dmin/users', '/%61%70%69/v1/admin/users', '/API/V1/ADMIN/USERS/'],
  ...['/tfs/(S(x))/_admin/users', '/(S(x))/tfs/_admin', '/tfs/_ad/(S(x))min/users', '/tfs/%28S(x)%29/_admin/users'],
  ...['/s/x/_/tfs/_admin/users', '/s/x/y/_/tfs/_admin', '/s/_/_/_/tfs/_admin', '/s/x/_%2ftfs/_admin'],
  ...['/tfs/(A(x)S(y)F())/_admin', '/(S(x))/tfs/(S(y))/_admin', '/tfs/y/(S(x))/..%2f_admin', '/tfs/%2528S(x))/_admin'],
]

const METHODS: readonly (readonly [line: string, fields: readonly string[], content?: string])[] = [
  ['POST /x', ['X-HTTP-Method-Override: Delete']],
  ['POST /x', ['X-HTTP-Method-Override: GET, DELETE']],
  ['POST /x', ['X-HTTP-Method-Override: GET', 'x_http_method_override: DELETE']],
  ['POST /x', ['X-HTTP-Method-Override:  DELETE ']],
  ['POST /x', ['X.HTTP.Method: DELETE']],
  ['PUT /x', ['X_Method_Override: DELETE']],
  ['POST /x?_method=DELETE', []],
  ['POST /x?%5fmethod=delete', []],
  ['POST /x?_METHOD=DELETE', []],
  ['POST /x?a=b;_method=DELETE', []],
  ['POST /x', ['Content-Type: application/x-www-form-urlencoded'], '_method=DELETE'],
  ['POST /x', ['Content-Type: APPLICATION/X-WWW-Form-Urlencoded;charset=utf-8'], '_method=DELETE'],
  [
    'POST /x',
    ['Content-Type: multipart/form-data; boundary=b'],
    '--b\r\nContent-Disposition: form-data; name="_method"',
  ],
  ['POST /x', [], '_method=DELETE'],
]

const PUSHES = [
  ...['POST /r.git/GIT-RECEIVE-PACK', 'POST /r.git/git-receive%2dpack', 'POST /r.git/git-receive-pack;x'],
  ...['POST /r.git/git%252dreceive-pack', 'POST /r.git/git-receive-pack/.', 'POST /r.git/ssh-receive-pack/'],
  ...['GET /r.git/info/refs?SERVICE=git-receive-pack', 'GET /r.git/info/refs?service=GIT-RECEIVE-PACK'],
  ...[
    'GET /r.git/info/refs?service=git-receive-pack&service=git-upload-pack',
    'GET /r.git/info/refs?a;service=git-receive-pack',
  ],
  ...['GET /r.git/info/refs?service%20=git-receive-pack', 'GET /r.git/info/refs?service=git-receive-pack%20'],
  ...['GET /r.git/info/refs?service[]=git-receive-pack', 'GET /r.git/info%2frefs?service=git-receive-pack'],
  ...['GET /r.git/info/refs?%2573ervice=git-receive-pack', 'GET /r.git/INFO/refs?service=git-receive-pack'],
  ...['PUT /o/r.git/info/lfs/objects/abc/1', 'POST /o/r/info/lfs/verify', 'POST /r.git/info/lfs/locks/1/unlock'],
  ...[
    'POST /r.git/info/lfs/objects/batch',
    'PUT /r.git/gitlab-lfs/objects/abc/1/authorize',
    'POST /c/_git/r/info/lfs/locks',
  ],
  ...['PUT /rest/git-lfs/storage/P/r/abc', 'POST /r.git/info/lfs/objects', 'PUT /r.git/info%2flfs/objects/abc'],
]

const ACTING_AS_OTHERS: readonly (readonly [line: string, field?: string])[] = [
  ...['Sudo: root', 'SUDO: root', 'sudo: 1', 'Private-Token: glpat-x', 'PRIVATE_TOKEN: x', 'Private.Token: x'].map(
    field => ['GET /api/v4/user', field] as const,
  ),
  ...['Job-Token: x', 'JOB_TOKEN: x', 'Deploy-Token: x'].map(field => ['GET /api/v4/user', field] as const),
  ...[
    'sudo=root',
    '%73udo=root',
    'a=b&sudo=root',
    'a=b;sudo=root',
    'SUDO=root',
    'sudo[]=root',
    '+sudo=root',
    '[sudo]=root',
    ']sudo=root',
    '%5bsudo%5d[]=root',
    'sudo',
  ].map(query => [`GET /api/v4/user?${query}`] as const),
  ...[
    'private_token=x',
    'private%5ftoken=x',
    '%2570rivate_token=x',
    'job_token=x',
    'access_token=x',
    'oauth_signature=x',
    '[private_token]=x',
  ].map(query => [`GET /api/v4/user?${query}`] as const),
]

/** `/badge/[^/]+` asks for nothing. */
const OUT_OF_THE_OPEN = [
  ...[
    '/badge/x%u002f..%u002f..%u002ftfs',
    '/badge/%u002e%u002e/tfs',
    '/badge/..%c0%afsecret',
    '/badge/x%5c..%5c..%5ctfs',
  ],
  ...['/badge/x;/../../tfs', '/badge/..%252ftfs', '/tfs/secret%2f..%2f..%2fbadge%2fx', '/tfs/../badge/x', '/badge//x'],
  ...['/badge/(S(x))', '/badge/(S(x))/..', '/badge/%28S(x))'],
  ...['/badge/x%3f/../../tfs', '/badge/%uff0e%uff0e%uff0ftfs', '/BADGE/x', '/badge/%2e%2e%5ctfs', '/tfs;/../badge/x'],
]

const PREFLIGHT = ['Origin: https://evil.example', 'Access-Control-Request-Method: GET']

const NO_PREFLIGHTS: readonly (readonly string[])[] = [
  ['Content-Length: 3'],
  ['Transfer-Encoding: chunked'],
  ['Cookie: FedAuth=abc'],
  ['X-HTTP-Method-Override: GET'],
  ['X_Method_Override: POST'],
  ['Sudo: root'],
  ['X-VSS-DownloadTicket: abc'],
  ['Signature: keyId="abc"'],
  ['X-NuGet-ApiKey: abc'],
  ['Connection: Access-Control-Request-Method'],
]

const withLength = (content: string) => `Content-Length: ${content.length}`

export const canonicalAttacks: readonly Attack[] = [
  ...SPELLED.flatMap(path => [
    request(`spelling: GET ${path}`, 'rules', `GET ${path}`, [patField]),
    request(`spelling: handshake ${path}`, 'rules', `GET ${path}`, [patField, ...HANDSHAKE_FIELDS]),
  ]),
  ...METHODS.map(([line, fields, content = '']) =>
    request(`method: ${line} ${fields.join(' ')}`, 'rules', line, [patField, ...fields, withLength(content)]),
  ),
  ...PUSHES.map(line => request(`push: ${line}`, 'rules', line, [patField, 'Content-Length: 0'])),
  ...ACTING_AS_OTHERS.map(([line, field]) =>
    request(`as somebody else: ${line} ${field ?? ''}`, 'rules', line, field ? [patField, field] : [patField]),
  ),
  ...OUT_OF_THE_OPEN.flatMap(path => [
    request(`out of the open: ${path}`, 'rules', `GET ${path}`),
    request(`out of the open: handshake ${path}`, 'rules', `GET ${path}`, HANDSHAKE_FIELDS),
  ]),
  request('preflight of what is refused', 'rules', 'OPTIONS /tfs/_admin/users', PREFLIGHT),
  request('preflight of what is refused, spelled', 'rules', 'OPTIONS /tfs/_%61dmin', PREFLIGHT),
  ...NO_PREFLIGHTS.map(fields =>
    request(`no preflight: ${fields.join(' ')}`, 'rules', 'OPTIONS /tfs/projects', [...PREFLIGHT, ...fields]),
  ),
]
