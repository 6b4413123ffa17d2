/** Which requests make something that lasts: by product, in every spelling, and what resembles them does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestReadings } from '../../src/http/request-readings.ts'
import { LastingRights } from '../../src/policy/lasting-rights.ts'

const ALL = ['azure-devops', 'bitbucket', 'gitea', 'gitlab'] as const
const everything = new LastingRights({ products: ALL })

function signOf(line: string, scheme = 'pat', rights = everything) {
  const [method = '', raw = ''] = line.split(' ')
  const path = raw.replace(/\?.*/, '')
  const target = { raw, path }
  const readings = requestReadings(method, target, { kept: {}, methodOverrides: [] } as never)
  assert.ok(typeof readings !== 'string', line)
  const sign = rights.signOf({ method, target, readings, credentials: { scheme } as never })
  return sign?.content === undefined ? sign?.makes : 'by content'
}

const CREDENTIALS = {
  'azure-devops': [
    ...['POST /tfs/_apis/tokens/pats', 'POST /tfs/C/_apis/Token/SessionTokens', 'PUT /_apis/tokens/pats?x=1'],
    ...['POST /tfs/C/_details/security/tokens/Edit', 'POST /tfs/C/_details/security/keys/Edit'],
    ...['POST /tfs/_apis/delegatedauth/authorizations'],
  ],
  gitea: [
    ...['POST /api/v1/users/ada/tokens', 'POST /api/v1/user/keys', 'POST /git/api/v1/user/applications/oauth2'],
    ...['POST /user/settings/applications', 'POST /user/settings/keys', 'GET /login/oauth/authorize?client_id=x'],
    ...['POST /api/v1/admin/users/ada/keys', 'POST /login/oauth/access_token'],
    ...[
      'POST /user/settings/authorized-integrations/generic/new',
      'POST /git/user/settings/authorized-integrations/x/7',
    ],
  ],
  gitlab: [
    ...['POST /api/v4/user/personal_access_tokens', 'POST /api/v4/personal_access_tokens/self/rotate'],
    ...['POST /api/v4/users/7/impersonation_tokens', 'POST /api/v4/projects/g%2Fp/access_tokens', 'POST /oauth/token'],
    ...[
      'POST /api/v4/user/keys',
      'POST /api/v4/user/keys.json',
      'POST /-/user_settings/ssh_keys',
      'POST /oauth/applications',
    ],
    ...['POST /api/v4/groups/a%2fb/deploy_tokens', 'POST /g/p/-/settings/access_tokens', 'POST /oauth/authorize'],
  ],
  bitbucket: [
    ...['PUT /rest/access-tokens/1.0/users/ada', 'PUT /rest/access-tokens/latest/projects/K/repos/r'],
    ...['POST /bitbucket/rest/ssh/1.0/keys?user=ada', 'PUT /rest/applinks/3.0/applicationlink'],
    ...['POST /plugins/servlet/access-tokens/users/ada/manage', 'POST /plugins/servlet/oauth/authorize'],
  ],
}

/** As routers/api/v1/api.go and routers/web/web.go of 1.27.3 have them. */
const GITEA_RIGHTS = [
  ...['PATCH /api/v1/teams/5', 'PUT /api/v1/teams/5/members/eve', 'PUT /api/v1/teams/5/repos/acme/tools'],
  ...['POST /api/v1/repos/acme/tools/tag_protections', 'POST /acme/tools/settings/branches/edit'],
  ...['POST /acme/tools/settings/tags', 'POST /acme/tools/settings/actions/secrets', 'POST /-/admin/auths/new'],
  ...['POST /org/acme/settings/actions/secrets', 'POST /-/admin/system-hooks/gitea/new', 'POST /-/admin/config'],
  ...['POST /user/settings/change_password', 'POST /api/v1/user/gpg_key_verify'],
]

test('gitea: whatever gives others lasting access is a right, and no repository named admin is', () => {
  for (const line of GITEA_RIGHTS) assert.equal(signOf(line), 'right', line)
  for (const line of ['POST /-/admin/applications/oauth2', 'POST /-/admin/applications/oauth2/3/regenerate_secret'])
    assert.equal(signOf(line), 'credential', line)
  for (const line of ['POST /acme/admin.git/git-receive-pack', 'POST /api/v1/repos/acme/admin/issues'])
    assert.equal(signOf(line, 'pat', new LastingRights({ products: ['gitea'] })), undefined, line)
})

test('gitea, forgejo: the forms of settings are rights, wherever the product begins, and what only ends alike is none', () => {
  for (const line of [
    ...['POST /acme/tools/settings', 'POST /git/acme/tools/settings/', 'POST /acme/tools/settings/public_access'],
    ...['POST /acme/tools/settings/units', 'POST /org/acme/settings/visibility', 'POST /admin/auths/new'],
    ...['POST /admin/actions/runners/7', 'POST /git/admin/config'],
  ])
    assert.equal(signOf(line), 'right', line)
  for (const line of [
    ...['PATCH /api/v1/user/settings', 'PATCH /git/api/v1/user/settings', 'POST /tfs/C/_apis/settings/entries'],
    ...['POST /acme/tools/settings/avatar', 'POST /user/settings/appearance/theme', 'POST /acme/settings/issues/new'],
    ...['POST /acme/admin/actions/runs/1/rerun'],
  ])
    assert.equal(signOf(line, 'pat', new LastingRights({ products: ['gitea', 'azure-devops'] })), undefined, line)
})

test('bitbucket: its administration is a right, and no project, repository or person named admin is', () => {
  for (const line of ['POST /admin/users', 'POST /bitbucket/admin/global-permissions', 'POST /tools/bb/Admin/license'])
    assert.equal(signOf(line, 'pat', new LastingRights({ products: ['bitbucket'] })), 'right', line)
  for (const line of [
    ...['POST /scm/K/admin.git/git-receive-pack', 'POST /bitbucket/scm/K/admin/info/lfs/objects/batch'],
    ...['POST /rest/api/latest/projects/K/repos/admin/pull-requests', 'POST /scm/admin/r.git/git-receive-pack'],
    ...['POST /projects/ADMIN/repos/r/browse/x', 'POST /users/admin/repos/r', 'POST /bb/projects/K/repos/admin/x'],
    // Of other products, where all lists are on.
    ...['POST /acme/admin.git/git-receive-pack', 'POST /admin/tools.git/info/lfs/objects/batch'],
  ])
    assert.equal(signOf(line), undefined, line)
})

test('gitlab: forms that give others lasting access are rights', () => {
  for (const line of [
    ...['PATCH /g/p/-/variables', 'PUT /g/s/p/transfer', 'PUT /groups/g/-/transfer', 'PATCH /g/p/-/mirror.json'],
    ...['POST /groups/g/-/group_links', 'POST /g/p/-/protected_branches', 'PATCH /admin/application_settings/general'],
    ...['PUT /api/v4/groups/7/transfer', 'POST /api/v4/projects/7/protected_tags', 'PATCH /g/p/-/settings/ci_cd'],
  ])
    assert.equal(signOf(line), 'right', line)
  for (const line of ['POST /g/p/-/triggers', 'POST /g/p/-/settings/ci_cd/deploy_token/create'])
    assert.equal(signOf(line), 'credential', line)
  for (const line of ['POST /g/p/-/mirror/update_now', 'POST /g/p/-/issues', 'POST /g/transfer.git/git-receive-pack'])
    assert.equal(signOf(line), undefined, line)
})

/** A form that is a right, and what does the same by the API. */
const ALIKE: Readonly<Record<'gitea' | 'gitlab' | 'bitbucket', readonly (readonly [form: string, api: string])[]>> = {
  gitea: [
    ['POST /acme/tools/settings', 'PATCH /api/v1/repos/acme/tools'],
    ['POST /org/acme/settings', 'PATCH /api/v1/orgs/acme'],
    ['POST /org/acme/settings/rename', 'POST /api/v1/orgs/acme/rename'],
    ['POST /user/settings', 'POST /api/v1/admin/users/ada/rename'],
    ['POST /acme/tools/settings/actions/variables/new', 'PUT /api/v1/repos/acme/tools/actions/variables/X'],
    ['POST /org/acme/settings/actions/variables/new', 'POST /api/v1/orgs/acme/actions/variables/X'],
    ['POST /user/settings/actions/variables/new', 'POST /api/v1/user/actions/variables/X'],
    ['POST /acme/tools/settings/actions/secrets', 'PUT /api/v1/repos/acme/tools/actions/secrets/X'],
    ['POST /acme/tools/settings/actions/runners', 'PATCH /api/v1/repos/acme/tools/actions/runners/3'],
    ['POST /user/settings/account/email', 'POST /api/v1/user/emails'],
    ['POST /-/admin/users/new', 'POST /api/v1/admin/users'],
    ['POST /acme/tools/settings/branches/3/delete', 'DELETE /api/v1/repos/acme/tools/branch_protections/main'],
    ['POST /acme/tools/settings/hooks/git/pre-receive', 'DELETE /api/v1/repos/acme/tools/hooks/git/pre-receive'],
    ['POST /acme/tools/settings/tags/delete', 'DELETE /api/v1/repos/acme/tools/tag_protections/3'],
  ],
  gitlab: [
    ['PATCH /g/p/-/settings/ci_cd', 'PUT /api/v4/projects/7'],
    ['PATCH /groups/g/-/settings/ci_cd', 'PUT /api/v4/groups/g%2Fh.json'],
    ['PATCH /g/p/-/mirror', 'PUT /api/v4/projects/7/mirror/pull'],
    ['POST /g/p/-/runners/3/assign', 'POST /api/v4/projects/7/runners'],
    ['PUT /groups/g/-/settings/integrations/x', 'PUT /api/v4/groups/7/integrations/x'],
    ['POST /g/p/-/project_members/3/approve_access_request', 'PUT /api/v4/projects/7/access_requests/3/approve'],
    ['POST /groups/g/-/group_members/3/approve_access_request', 'PUT /api/v4/groups/7/access_requests/3/approve'],
    ['POST /g/p/-/pipeline_schedules', 'POST /api/v4/projects/7/pipeline_schedules'],
    ['PUT /-/user_settings/profile', 'POST /api/v4/user/emails'],
    ['DELETE /g/p/-/protected_branches/3', 'DELETE /api/v4/projects/7/protected_branches/main'],
    ['DELETE /g/p/-/protected_tags/3', 'DELETE /api/v4/projects/7/protected_tags/v1'],
    ['POST /g/p/-/protected_environments', 'POST /api/v4/projects/7/protected_environments'],
  ],
  bitbucket: [
    ['POST /admin/users', 'PUT /rest/api/latest/admin/users'],
    [
      'PUT /rest/api/1.0/projects/K/settings/hooks/x/enabled',
      'DELETE /rest/api/1.0/projects/K/settings/hooks/x/enabled',
    ],
    ['POST /rest/branch-permissions/2.0/projects/K/restrictions', 'DELETE /rest/branch-permissions/2.0/projects/K/x/3'],
    ['PUT /rest/api/1.0/users/credentials', 'PUT /rest/api/latest/users'],
    [
      'POST /rest/required-builds/latest/projects/K/repos/r/condition',
      'POST /rest/api/1.0/projects/K/repos/r/settings/x',
    ],
  ],
}

for (const [product, pairs] of Object.entries(ALIKE)) {
  test(`${product}: what a form does is the same right by the API`, () => {
    const own = new LastingRights({ products: [product as keyof typeof ALIKE] })
    for (const line of pairs.flat()) assert.equal(signOf(line, 'bearer', own), 'right', line)
  })
}

test('what is used, and not set, is no right: issues, content, runs, and deleting what was made', () => {
  for (const line of [
    ...['POST /api/v1/repos/acme/tools/actions/workflows/x/dispatches', 'POST /api/v1/repos/acme/tools/forks'],
    ...['PUT /api/v1/repos/acme/tools/contents/settings', 'DELETE /api/v1/repos/acme/tools', 'POST /api/v1/user/repos'],
    ...['DELETE /api/v1/repos/acme/tools/keys/3', 'DELETE /api/v1/repos/acme/tools/branches/main'],
    ...[
      'POST /api/v4/projects',
      'DELETE /api/v4/projects/7',
      'POST /api/v4/projects/7/pipeline',
      'POST /api/v4/groups',
    ],
    ...['PUT /rest/api/latest/projects/K/repos/r/browse/settings', 'DELETE /rest/api/latest/projects/K/repos/r'],
  ])
    assert.equal(signOf(line), undefined, line)
})

for (const [product, lines] of Object.entries(CREDENTIALS)) {
  test(`${product}: tokens, SSH keys and OAuth applications are seen, and not where its list is off`, () => {
    for (const line of lines) assert.equal(signOf(line), 'credential', line)
    const others = new LastingRights({ products: ALL.filter(name => name !== product) })
    const own = lines.filter(line => signOf(line, 'pat', others) === undefined)
    assert.ok(own.length >= lines.length - 3, 'hardly any other product has the same paths')
  })
}

test('other spellings are the same path', () => {
  for (const path of [
    ...[
      '/API/V1/User/Keys',
      '/api/v1/user/keys/',
      '/api/v1//user/keys',
      '/api/v1/(S(x))/user/keys',
      '/api/v1/user/./keys',
      '/api/v1/x/../user/keys',
    ],
    ...[
      '/api/v1/user%2fkeys',
      '/api/v1/us%65r/keys',
      '/api/v1/us%2565r/keys',
      '/api/v1/user;a=b/keys',
      '/api/v1/user/keys;x',
    ],
    ...[
      '/api/v1/user\\keys',
      '/api/v1/%u0075ser/keys',
      '/api/v1/user/keys.',
      '/api/v1/user/keys%20',
      '/api/v1/user/keys/.',
    ],
  ])
    assert.equal(signOf(`POST ${path}`), 'credential', path)
})

test('what else lasts is told apart: deploy keys, hooks, members, runners, accounts', () => {
  for (const line of [
    ...['POST /tfs/_apis/hooks/subscriptions', 'POST /tfs/_apis/distributedtask/pools/1/agents'],
    ...[
      'POST /tfs/C/_apis/accesscontrolentries/x',
      'POST /api/v1/repos/o/r/keys',
      'PUT /api/v1/repos/o/r/collaborators/eve',
    ],
    ...['POST /api/v4/projects/7/deploy_keys', 'POST /api/v4/projects/7/members', 'PUT /api/v4/projects/7/hooks/1'],
    ...[
      'POST /api/v4/users',
      'POST /rest/keys/1.0/projects/K/repos/r/ssh',
      'GET /api/v1/repos/o/r/actions/runners/registration-token',
    ],
    ...['PUT /rest/api/latest/projects/K/permissions/users', 'POST /rest/api/1.0/projects/K/repos/r/webhooks'],
  ])
    assert.equal(signOf(line), 'right', line)
})

test('only its content tells it of a query of Azure DevOps, and, to programs, of GraphQL', () => {
  for (const path of ['/tfs/C/_apis/Contribution/HierarchyQuery', '/tfs/C/_apis/contribution/hierarchyquery/project/7'])
    for (const scheme of ['pat', 'session', 'bearer']) assert.equal(signOf(`POST ${path}`, scheme), 'by content', path)
  assert.equal(signOf('POST /api/graphql'), 'by content')
  assert.equal(signOf('POST /api/graphql', 'session'), undefined)
})

test('reading, deleting, and what only resembles one is nothing; a browser that reads is not held to it', () => {
  for (const line of [
    ...[
      'GET /api/v1/user/keys',
      'DELETE /api/v1/user/keys/7',
      'OPTIONS /tfs/_apis/tokens/pats',
      'GET /tfs/_apis/tokens/pats',
    ],
    ...['POST /tfs/_apis/oauth2/token', 'POST /tfs/C/_git/tokens/git-upload-pack', 'POST /tfs/C/_apis/wit/workitems'],
    ...[
      'POST /o/keys.git/git-receive-pack',
      'POST /o/r/issues/new',
      'GET /',
      'POST /tfs/_apis/distributedtask/pools/1/sessions',
    ],
    ...[
      'POST /api/v1/user/keystone',
      'PUT /rest/api/1.0/projects/K/repos/r/browse/keys',
      'POST /api/v4/projects/7/merge_requests',
    ],
  ])
    assert.equal(signOf(line), undefined, line)
  assert.equal(signOf('GET /login/oauth/authorize?client_id=x', 'session'), undefined)
})

test('pages on which they are made are known, and there are none where the list is off', () => {
  const isPage = (path: string, rights = everything) =>
    rights.isPage({ target: { raw: path, path }, readings: undefined })
  for (const path of ['/tfs/C/_usersSettings/tokens', '/user/settings/keys', '/-/user_settings/personal_access_tokens'])
    assert.equal(isPage(path), true, path)
  assert.equal(isPage('/tfs/C/_git/r'), false)
  assert.equal(isPage('/user/settings/keys', new LastingRights({ products: [] })), false)
  assert.equal(signOf('POST /api/v1/user/keys', 'pat', new LastingRights({ products: [] })), undefined)
})
