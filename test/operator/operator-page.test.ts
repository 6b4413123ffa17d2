/** The pages for operators, as supervisor and workers make them together. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { until } from '../workers/workers-lab.ts'
import { formIn, type OperatorLab, startOperatorLab } from './operator-lab.ts'

let lab: OperatorLab
before(async () => {
  lab = await startOperatorLab(config => ({
    ...config,
    account: { template: '{preferred_username}', domains: ['CORP'] },
  }))
})
after(() => lab?.close())

const GETS = [
  '/operator',
  '/operator/person',
  '/operator/person?account=ada',
  '/operator/refusals',
  '/operator/request',
]

const post = (form: URLSearchParams, headers: Readonly<Record<string, string>> = { Origin: lab.adminUrl }) =>
  lab.ask('/operator/end', { method: 'POST', body: form, headers })

/** Whether each of several connections, which the workers share, is let pass. */
async function passes(person: Awaited<ReturnType<OperatorLab['signedIn']>>): Promise<boolean> {
  const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await person.send(`${lab.url}/`)).status))
  assert.equal(new Set(statuses).size, 1, String(statuses))
  return statuses[0] === 200
}

test('without the credential, or with a wrong one, there is a challenge and no page', async () => {
  const form = new URLSearchParams({ what: 'person', account: 'ada', key: '', token: 'x' })
  for (const authorization of [undefined, 'Bearer wrong', `Basic ${btoa('operator:wrong')}`]) {
    const headers = { Origin: lab.adminUrl, ...(authorization && { Authorization: authorization }) }
    const asked = GETS.map(path => fetch(`${lab.adminUrl}${path}`, { headers }))
    const sent = fetch(`${lab.adminUrl}/operator/end`, { method: 'POST', body: form, headers })
    for (const response of await Promise.all([...asked, sent])) {
      assert.equal(response.status, 401, `${response.url} with ${authorization}`)
      assert.match(response.headers.get('WWW-Authenticate') ?? '', /Basic realm="torhaus-admin"/)
      assert.doesNotMatch(await response.text(), /<html/)
    }
  }
})

test('under a name that somebody made lead here there is no page, though the credential comes along', async () => {
  const connection = await RawConnection.open(Number(new URL(lab.adminUrl).port))
  try {
    const fields = ['Host: rebound.example', `Authorization: Bearer ${lab.credential}`]
    connection.send(['GET /operator HTTP/1.1', ...fields, '', ''].join('\r\n'))
    assert.equal((await connection.head()).status, 421)
  } finally {
    connection.close()
  }
})

test('nothing on a page comes from elsewhere, runs a script, is framed, kept or sent on', async () => {
  for (const path of GETS) {
    const response = await lab.ask(path)
    const field = (name: string) => response.headers.get(name) ?? ''
    assert.equal(response.status, 200)
    assert.match(field('Content-Security-Policy'), /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; /)
    assert.match(
      field('Content-Security-Policy'),
      /sandbox (?!.*allow-scripts).*form-action 'self'; frame-ancestors 'none'/,
    )
    assert.deepEqual(
      [
        field('X-Frame-Options'),
        field('Cross-Origin-Resource-Policy'),
        field('Cache-Control'),
        field('Referrer-Policy'),
      ],
      ['DENY', 'same-origin', 'no-store', 'same-origin'],
    )
    assert.doesNotMatch(await response.text(), /<script|\son\w+=|\sstyle=|https?:/)
  }
})

test('one glance: requests of all workers, second factor, workers and state', async () => {
  const person = await lab.signedIn()
  assert.equal(await passes(person), true)
  const page = await until('both workers to be counted', async () => {
    const text = await lab.page('/operator')
    return /<th scope="row">session<\/th><td>[1-9]/.test(text) && text
  })
  assert.match(page, /Ready: takes requests/)
  assert.match(page, /<dt>workers<\/dt><dd>2 of 2<\/dd>/)
  assert.match(page, /<span class="big">100 %<\/span> of admitted requests/)
  for (const pid of lab.workers()) assert.match(page, new RegExp(`<th scope="row">${pid}</th><td>yes</td>`))
})

test('a person is found in every spelling, and one session ends at once, for all workers, audited', async () => {
  const [gone, stays] = [await lab.signedIn(), await lab.signedIn()]
  assert.deepEqual([await passes(gone), await passes(stays)], [true, true])
  for (const name of ['ada', 'CORP\\ADA', 'ada@corp'])
    assert.match(await lab.page(`/operator/person?account=${encodeURIComponent(name)}`), /<h2>Sessions: [2-9]<\/h2>/)
  assert.match(await lab.page('/operator/person?account=ada'), /Chrome on Linux from 127\.0\.0\.1<br><small>since/)
  const before = await lab.page('/operator/person?account=ADA')
  // Newest first: that of `gone` is the second by when it was seen last.
  const keys = [...before.matchAll(/name="what" value="session"><input[^>]*><input[^>]*name="key" value="([^"]+)"/g)]
  assert.ok(keys.length >= 2)
  const [, key = ''] = keys[0] ?? []
  const form = formIn(before, { what: 'session', key })
  const ended = await post(form)
  assert.equal(ended.status, 200)
  assert.match(await ended.text(), /sessions ended: 1/)
  const left = await until('one of both to have ended', async () => {
    const both = [await passes(gone), await passes(stays)]
    return both.includes(false) && both
  })
  assert.deepEqual(left.toSorted(), [false, true])
  const record = await lab.logged(entry => entry['event.action'] === 'session-revoked')
  assert.deepEqual(
    [record['log.logger'], record['user.name'], record['client.address']],
    ['torhaus.audit', 'ada', '127.0.0.1'],
  )
})

test('everything of a person ends by one form', async () => {
  const person = await lab.signedIn()
  const ended = await post(formIn(await lab.page('/operator/person?account=CORP%5Cada'), { what: 'person' }))
  assert.match(await ended.text(), /account CORP\\ada.*sessions ended: [1-9]/s)
  assert.equal(await passes(person), false)
  const record = await lab.logged(entry => entry['event.action'] === 'sessions-ended')
  assert.deepEqual([record['log.logger'], record['client.address']], ['torhaus.audit', '127.0.0.1'])
  const again = await post(formIn(await lab.page('/operator/person?account=ada'), { what: 'person' }))
  assert.match(await again.text(), /Nothing was ended/)
})

test('a form of another site, without its token, for something else or for the second time ends nothing', async () => {
  const person = await lab.signedIn()
  const fresh = async () => formIn(await lab.page('/operator/person?account=ada'), { what: 'person' })
  const refused = async (form: URLSearchParams, headers?: Readonly<Record<string, string>>) => {
    const response = await post(form, headers)
    assert.equal(response.status, 403, `${form} ${JSON.stringify(headers)}`)
    await response.text()
  }
  await refused(await fresh(), {})
  await refused(await fresh(), { Origin: 'null' })
  await refused(await fresh(), { Origin: 'http://evil.example' })
  await refused(await fresh(), { Origin: lab.url })
  await refused(await fresh(), { Origin: lab.adminUrl, 'Sec-Fetch-Site': 'same-site' })
  const other = await fresh()
  other.set('account', 'carol')
  await refused(other)
  const bare = await fresh()
  bare.delete('token')
  await refused(bare)
  assert.equal(await passes(person), true)
  const good = await fresh()
  assert.equal((await post(good)).status, 200)
  await refused(good)
})

test('a refusal of any worker is found by its id, with why, and without query, cookie or token', async () => {
  for (let round = 0; round < 8; round++) {
    const response = await fetch(`${lab.url}/DefaultCollection/x?password=hunter2`, {
      headers: { Cookie: 'UserAuthentication=cookie-secret', Authorization: 'Bearer eyJhbGciOi.token-secret.x' },
    })
    const id = response.headers.get('X-Request-Id') ?? ''
    await response.text()
    const page = await until('it to be kept', async () => {
      const text = await lab.page(`/operator/request?id=${id}`)
      return text.includes('Decision trace') && text
    })
    assert.match(page, /1 trust-connection +knew method=GET path=\/DefaultCollection\/x; added client=127\.0\.0\.1/)
    assert.match(page, /3 classify-credentials +knew authorization=yes cookie=yes; added scheme=unsupported/)
    assert.match(page, /4 authenticate +knew scheme=unsupported because=token-unknown; token-unknown: .*; challenged/)
    assert.match(page, /Reconstructed at its end/)
    const list = await lab.page('/operator/refusals')
    assert.ok(list.includes(id))
    for (const text of [page, list]) assert.doesNotMatch(text, /hunter2|cookie-secret|token-secret|\?password/)
  }
})

test('what somebody else writes is text on a page: a path, a name that is looked up, an id', async () => {
  const response = await fetch(`${lab.url}/a`, { method: 'DELETE', headers: { Authorization: 'Bearer x.y.z' } })
  await response.text()
  const connection = await RawConnection.open(lab.port)
  const raw = ['DELETE /<img>"x HTTP/1.1', `Host: 127.0.0.1:${lab.port}`, 'Authorization: Bearer x.y.z', '', '']
  connection.send(raw.join('\r\n'))
  await connection.head()
  connection.close()
  for (const path of ['/operator', '/operator/refusals']) {
    const text = await until('the path to be listed', async () => {
      const page = await lab.page(path)
      return page.includes('img&gt;') && page
    })
    assert.doesNotMatch(text, /<img/)
  }
  for (const path of ['/operator/person?account=', '/operator/request?id='])
    assert.doesNotMatch(await lab.page(`${path}${encodeURIComponent('"><img src=x>')}`), /<img/)
})

test('what went through is not kept where nobody traces, and that is said', async () => {
  const person = await lab.signedIn()
  const { status, headers } = await person.send(`${lab.url}/`)
  assert.equal(status, 200)
  const id = String(headers.get('x-request-id'))
  assert.match(await lab.page(`/operator/request?id=${id}`), /No worker has it\..*admin\.traceOneIn/s)
})
