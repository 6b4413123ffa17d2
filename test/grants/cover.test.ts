/** What a confirmation covers: what that class of client does, and of that what was confirmed. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { GIT, type GrantsLab, linkIn, startGrantsLab } from './grants-lab.ts'
import type { Person } from './person.ts'

const FETCH = 'GET /repo/info/refs?service=git-upload-pack'
const PUSH = 'GET /repo/info/refs?service=git-receive-pack'
const CURL = 'curl/8.14.1'

let lab: GrantsLab
let narrow: GrantsLab
let ada: Person
before(async () => {
  lab = await startGrantsLab()
  narrow = await startGrantsLab({ grants: { gitPathSegments: 2 } })
  ada = await lab.person()
})
after(() => Promise.all([lab, narrow].map(each => each.close())))

let host = 0
beforeEach(() => {
  host++
})
const from = () => `10.1.0.${host}`
const ask = (line: string, agent = GIT, fields: readonly string[] = []) =>
  lab.asProgram({ line, agent, from: from(), fields })
const code = async (line: string, agent = GIT, fields: readonly string[] = []) =>
  (await ask(line, agent, fields)).one('X-Torhaus-Error')

async function confirm(line: string, agent = GIT): Promise<string> {
  const link = linkIn((await ask(line, agent)).text)
  const page = await ada.send(link)
  assert.equal((await lab.confirm(ada, link)).status, 200)
  return page.text
}

const LENGTH = 'Content-Length: 0'

test('after a confirmed fetch, whoever says it is git reads repositories, and does nothing else', async () => {
  assert.match(await confirm(FETCH), /read repositories \(clone, fetch\)/)
  for (const line of [
    ...[FETCH, 'POST /repo/git-upload-pack', 'GET /o/r.git/info/refs?service=git-upload-pack', 'GET /o/r.git/HEAD'],
    ...['POST /o/r.git/info/lfs/objects/batch', 'GET /tfs/x/_git/r/info/lfs/objects/abc'],
    ...['GET /tfs/My%20Collection/_git/r/info/refs?service=git-upload-pack'],
  ])
    assert.equal(await code(line, GIT, [LENGTH]), undefined, line)
  for (const line of [
    ...['DELETE /tfs/_apis/projects/1', 'GET /tfs/_apis/projects', 'POST /api/v1/repos/o/r/merge', 'GET /'],
    ...['POST /api/v1/repos/o/r/contents/git-upload-pack', 'POST /api/v1/repos/o/r/contents/x.git/git-upload-pack'],
    ...['PUT /rest/api/1.0/projects/K/repos/r/browse/x.git/info/lfs/y', 'POST /o/r/_new/main/x.git/git-upload-pack'],
    ...['POST /o/r/wiki/x.git/git-upload-pack', 'POST /g/p/-/x.git/git-upload-pack', 'DELETE /o/r.git/HEAD'],
    ...['DELETE /o/r.git/info/lfs/locks', 'POST /o/r.git/info/refs?service=git-upload-pack'],
    ...['POST /tfs/x/../_apis/projects/git-upload-pack', 'GET /o/r.git/%2e%2e/info/refs?service=git-upload-pack'],
  ])
    assert.equal(await code(line, GIT, [LENGTH]), 'grant-out-of-scope', line)
  const override = ['X-HTTP-Method-Override: DELETE', LENGTH]
  assert.equal(await code('POST /repo/git-upload-pack', GIT, override), 'grant-out-of-scope')
})

test('a push needs a confirmation of its own, and that covers the fetch as well', async () => {
  await confirm(FETCH)
  for (const line of [
    ...[
      PUSH,
      'POST /repo/git-receive-pack',
      'GET /r/info/refs?service=git%2Dreceive-pack',
      'POST /g/r.git/ssh-receive-pack',
    ],
    ...['GET /r/info/refs?service=git-upload-pack&service=git-receive-pack', 'PUT /g/r.git/gitlab-lfs/objects/abc/1'],
    ...['POST /r.git/info/lfs/locks', 'POST /r.git/info/lfs/verify'],
  ]) {
    const answer = await ask(line, GIT, [LENGTH])
    assert.equal(answer.one('X-Torhaus-Error'), 'second-factor-missing', line)
    linkIn(answer.text)
  }
  assert.match(await confirm(PUSH), /read and change repositories \(clone, fetch, push\)/)
  for (const line of [FETCH, PUSH]) assert.equal(await code(line), undefined, line)
})

test('links for a fetch and for a push are open side by side: who is shown the one does not confirm the other', async () => {
  const [fetch, push] = [linkIn((await ask(FETCH)).text), linkIn((await ask(PUSH)).text)]
  assert.notEqual(fetch, push)
  assert.doesNotMatch((await ada.send(fetch)).text, /push/)
  assert.equal((await lab.confirm(ada, fetch)).status, 200)
  assert.equal(await code(FETCH), undefined)
  assert.equal(await code(PUSH), 'second-factor-missing')
  assert.equal((await lab.confirm(ada, push)).status, 200)
  assert.equal(await code(PUSH), undefined)
})

test('a grant for another program holds for the paths that were asked for, and for reading unless changing was', async () => {
  assert.match(await confirm('GET /tfs/Main/_apis/projects', CURL), /read under \/tfs\/Main\//)
  for (const line of ['GET /tfs/Main', 'GET /tfs/Main/_apis/x', 'HEAD /tfs/Main/'])
    assert.equal(await code(line, CURL), undefined, line)
  for (const line of [
    ...['DELETE /tfs/Main/_apis/projects/1', 'GET /tfs/Other/_apis/x', 'GET /tfs', 'GET /tfs/Mainly', 'GET /tfs/main'],
    'POST /tfs/Main/_apis/x',
  ])
    assert.equal(await code(line, CURL, [LENGTH]), 'second-factor-missing', line)
  assert.notEqual(await code('GET /tfs/Main/../Other', CURL), undefined)
  assert.notEqual(await code('GET /tfs/Main/%2e%2e/Other/x', CURL), undefined)
  assert.notEqual(await code('GET /tfs/Main/x', CURL, ['X-HTTP-Method-Override: DELETE']), undefined)
  assert.match(await confirm('POST /tfs/Main/_apis/x', CURL), /read, change and delete under \/tfs\/Main\//)
  for (const line of ['DELETE /tfs/Main/_apis/projects/1', 'GET /tfs/Main/x'])
    assert.equal(await code(line, CURL), undefined, line)
  const page = await ada.send(`${lab.fixture.url}/.torhaus/`)
  assert.match(page.text, /may read under \/tfs\/Main\/: at most/)
  assert.match(page.text, /may read, change and delete under \/tfs\/Main\/: at most/)
})

test('the root alone is not everything', async () => {
  assert.match(await confirm('GET /', CURL), /read \/, and nothing below it/)
  assert.equal(await code('GET /', CURL), undefined)
  assert.equal(await code('GET /tfs', CURL), 'second-factor-missing')
})

test('for other programs, too, a fetch is reading and a push is not', async () => {
  await confirm('GET /tfs/Main/_git/r/info/refs?service=git-upload-pack', 'JGit/5.1')
  assert.equal(await code('POST /tfs/Main/_git/r/git-upload-pack', 'JGit/5.1', [LENGTH]), undefined)
  assert.equal(await code('POST /tfs/Main/_git/r/git-receive-pack', 'JGit/5.1', [LENGTH]), 'second-factor-missing')
})

test('where so configured, a grant for git holds for the repositories under a path, in whatever way they are named', async () => {
  const person = await narrow.person()
  const asked = await narrow.asProgram({ line: 'GET /o/r.git/info/refs?service=git-upload-pack' })
  const link = linkIn(asked.text)
  assert.match((await person.send(link)).text, /read repositories \(clone, fetch\) under \/o\/r\//)
  assert.equal((await narrow.confirm(person, link)).status, 200)
  const status = async (line: string) => (await narrow.asProgram({ line, fields: [LENGTH] })).status
  for (const line of ['POST /o/r/git-upload-pack', 'GET /o/r.git/HEAD', 'POST /o/r.git/info/lfs/objects/batch'])
    assert.equal(await status(line), 200, line)
  for (const line of ['POST /o/other/git-upload-pack', 'POST /x/r/git-upload-pack', 'POST /o/r2.git/git-upload-pack'])
    assert.equal(await status(line), 403, line)
})

test('report-only: a grant holds for all its class of client sends, and what would have been refused is said', async () => {
  const watching = await startGrantsLab({ grants: { scopeReportOnly: true } })
  try {
    const link = linkIn((await watching.asProgram()).text)
    assert.equal((await watching.confirm(await watching.person(), link)).status, 200)
    for (const line of [FETCH, PUSH, 'DELETE /tfs/_apis/projects/1'])
      assert.equal((await watching.asProgram({ line })).status, 200, line)
    const reports = watching.audited('would-have-refused')
    assert.deepEqual(
      reports.map(record => [record['torhaus.rule'], record['torhaus.code']]),
      [
        ['grant-scope', 'second-factor-missing'],
        ['grant-scope', 'grant-out-of-scope'],
      ],
    )
    assert.equal(await watching.metric('torhaus_report_only_total{rule="grant-scope",code="grant-out-of-scope"}'), 1)
  } finally {
    await watching.close()
  }
})
