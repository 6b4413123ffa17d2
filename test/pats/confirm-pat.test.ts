/** The second factor for personal access tokens: their owner confirms where they are used. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { basic, patField, samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import { linkIn, VISUAL_STUDIO } from '../grants/grants-lab.ts'
import { Person } from '../grants/person.ts'
import { AWAY, type ConfirmLab, HOME, startConfirmLab } from './confirm-lab.ts'

let lab: ConfirmLab
let ada: Person
before(async () => {
  const grants = { secondFactor: { acceptAmr: ['mfa'], grants: { ipv4PrefixBits: 24 } } }
  lab = await startConfirmLab({ confirmExceptFrom: ['10.9.0.0/16'] }, {}, grants)
  ada = await lab.person()
})
after(() => lab.close())

/** Each test from a network of its own. */
let network = 0
beforeEach(() => {
  network++
})
const at = (host: number, within = network) => `10.0.${within}.${host}`
const codeOf = ({ headers }: { headers: Headers }) => headers.get('x-torhaus-error')
const forwarded = () => lab.origin.requests.filter(({ target }) => target === '/repo').length

test('a proven token is refused with a link, its owner sees what it is for and confirms, and the next try passes', async () => {
  const before = forwarded()
  const link = await lab.refusedLink({ from: at(1) })
  assert.equal(await lab.use({ from: at(1) }), 'pat-unconfirmed')
  const page = await ada.send(link)
  const fingerprint = String(lab.audited('second-factor-asked').at(-1)?.['torhaus.pat'])
  for (const shown of ['ada', at(1), `10.0.${network}.0/24`, 'git', 'just now', fingerprint])
    assert.ok(page.text.includes(shown), `${shown} is not on the page`)
  assert.equal(page.text.includes(samplePat), false)
  assert.equal(await lab.use({ from: at(1) }), 'pat-unconfirmed', 'looking confirms nothing')
  assert.equal(forwarded(), before)
  assert.match((await lab.confirm(ada, link)).text, /Run the command again/)
  assert.equal(await lab.use({ from: at(1) }), 200)
  assert.equal(await lab.use({ from: at(200) }), 200, 'the network, not the address')
  assert.equal(forwarded(), before + 2)
})

test('a confirmation holds for its token and its network alone, whatever the program', async () => {
  const other = basic('', 'b'.repeat(52))
  lab.owners.set(other, 'ada')
  await lab.confirm(ada, await lab.refusedLink({ from: at(1) }))
  assert.equal(await lab.use({ from: at(1), agent: 'curl/8.14.1' }), 200)
  assert.equal(await lab.use({ from: at(1), token: other }), 'pat-unconfirmed')
  assert.equal(await lab.use({ from: at(1, network + 100) }), 'pat-unconfirmed')
  assert.equal(await lab.use({ from: at(1), token: patField.replace('Basic', 'basic') }), 200)
})

test('nobody but the owner confirms, and nobody else learns what it is', async () => {
  const eves = basic('', 'e'.repeat(52))
  lab.owners.set(eves, 'carol')
  const link = await lab.refusedLink({ from: at(1), token: eves })
  for (const answer of [await ada.send(link), await lab.confirm(ada, link)]) {
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'confirmation-other-account'])
    assert.match(answer.text, /Only the owner of that account can confirm/)
    assert.ok(!answer.text.includes('carol') && !answer.text.includes(at(1)))
  }
  assert.equal((await new Person().send(link)).status, 303)
  assert.equal(await lab.use({ from: at(1), token: eves }), 'pat-unconfirmed')
  assert.equal(lab.audited('confirmation-refused').at(-1)?.['torhaus.other_account'], 'carol')
})

test('the button alone confirms nothing, nor does a link that was used', async () => {
  const link = await lab.refusedLink({ from: at(1) })
  const toSignIn = await ada.submit(link, new URL(link).pathname)
  assert.equal(toSignIn.status, 303)
  const asked = new URL(toSignIn.headers.get('location') ?? '').searchParams
  assert.deepEqual([asked.get('prompt'), asked.get('max_age')], ['login', '0'])
  assert.equal(await lab.use({ from: at(1) }), 'pat-unconfirmed')
  await lab.confirm(ada, link)
  assert.equal(codeOf(await ada.send(link)), 'confirmation-gone')
})

test('what its owner says is not theirs is withdrawn there, counted and audited', async () => {
  const [before, link] = [
    await lab.metric('torhaus_pats_total{event="disowned"}'),
    await lab.refusedLink({ from: at(1) }),
  ]
  const answer = await ada.press(link, new URL(link).pathname.replace('/confirm/', '/disown/'))
  assert.equal(new URL(answer.url).pathname, '/.torhaus/disowned/token')
  assert.match(answer.text, /has your token\. Revoke it on the server now/)
  assert.equal(codeOf(await ada.send(link)), 'confirmation-gone')
  assert.equal(await lab.use({ from: at(1) }), 'pat-unconfirmed')
  assert.equal(await lab.metric('torhaus_pats_total{event="disowned"}'), before + 1)
  const record = lab.audited('confirmation-disowned').at(-1)
  assert.partialDeepStrictEqual(record, { 'user.name': 'ada', 'torhaus.asked_from': at(1) })
  assert.match(String(record?.['torhaus.pat']), /^[\w-]{20,}$/)
})

test('each kind of client is shown the link in its own way', async () => {
  const ask = (agent: string, ...fields: string[]) =>
    lab.ask('GET /repo', [patField, `X-Forwarded-For: ${at(1)}`, `User-Agent: ${agent}`, ...fields])
  const git = await ask('git/2.50.1')
  assert.deepEqual([git.status, git.one('WWW-Authenticate')], [403, undefined])
  assert.match(git.text, /^Torhaus: The owner of this personal access token/)
  linkIn(git.text)
  linkIn(decodeURIComponent((await ask(VISUAL_STUDIO)).one('X-TFS-ServiceError') ?? ''))
  linkIn(JSON.parse((await ask('git-lfs/3.6.1')).text).message)
  linkIn(JSON.parse((await ask('curl/8.14.1')).text).confirmUrl)
  linkIn((await ask('NuGet Command Line/6.11.0')).one('X-NuGet-Warning') ?? '')
  linkIn(JSON.parse((await ask('npm/11.4.2 node/v24.4.1')).text).error)
  linkIn((await ask('Mozilla/5.0', 'Accept: text/html')).text)
})

test('networks that the operator names are not asked about', async () => {
  assert.equal(await lab.use({ from: '10.9.1.1' }), 200)
})

test('steps are in the audit log and in the metrics, and the code of the link is in neither', async () => {
  const before = await lab.metric('torhaus_pats_total{event="confirmed"}')
  const link = await lab.refusedLink({ from: at(1) })
  await lab.use({ from: at(1) })
  await lab.confirm(ada, link)
  const [asked, confirmed] = ['second-factor-asked', 'second-factor-confirmed'].map(name => lab.audited(name).at(-1))
  assert.deepEqual([asked?.['user.name'], asked?.['client.address']], ['ada', at(1)])
  assert.deepEqual([confirmed?.['user.name'], confirmed?.['client.address']], ['ada', '127.0.0.1'])
  assert.equal(asked?.['torhaus.pat'], confirmed?.['torhaus.pat'])
  for (const record of [asked, confirmed]) assert.equal(record?.['torhaus.network'], `10.0.${network}.0/24`)
  assert.equal(lab.audited('second-factor-asked').filter(event => event['client.address'] === at(1)).length, 1)
  assert.equal(lab.audited('pat-refused').filter(event => event['client.address'] === at(1)).length, 2)
  assert.equal(await lab.metric('torhaus_pats_total{event="confirmed"}'), before + 1)
  const log = JSON.stringify(lab.fixture.log.filter(record => record['log.logger'] === 'torhaus.audit'))
  assert.equal(log.includes(link.slice(-9)) || log.includes(samplePat), false)
})

test('an owner sees what waits on the own page, confirms ahead of the first use somewhere, and withdraws', async () => {
  await lab.confirm(ada, await lab.refusedLink({ from: at(1) }))
  assert.equal(await lab.use({ from: at(1) }), 200)
  const waiting = await lab.refusedLink({ from: at(1, network + 100) })
  const home = `${lab.fixture.url}/.torhaus/`
  const { text } = await ada.get(home)
  assert.ok(text.includes(`href="${new URL(waiting).pathname}"`))
  const forms = [...text.matchAll(/action="(\/.torhaus\/pats\/(?:confirm|withdraw)\/[^"]+)"/g)].map(
    ([, path]) => path ?? '',
  )
  const here = forms.find(path => path.endsWith('/127.0.0.0_24'))
  assert.ok(here, 'for where the browser is')
  const question = await ada.press(home, here)
  assert.match(question.text, /Confirm this access\?/)
  assert.equal(await lab.use({ from: '127.0.0.9' }), 'pat-unconfirmed', 'the button alone confirms nothing')
  await lab.confirm(ada, question.url)
  assert.equal(await lab.use({ from: '127.0.0.9' }), 200)

  const own = forms.find(path => path.includes('/withdraw/') && path.endsWith(`/10.0.${network}.0_24`))
  assert.ok(own)
  await ada.press(home, own)
  assert.equal(await lab.use({ from: at(1) }), 'pat-unconfirmed')
  assert.equal(lab.audited('pat-withdrawn').at(-1)?.['torhaus.network'], `10.0.${network}.0/24`)
})

test('a form of the own page does nothing without the token of that page', async () => {
  const fingerprint = 'x'.repeat(28)
  const home = `${lab.fixture.url}/.torhaus/`
  for (const action of ['confirm', 'withdraw']) {
    const answer = await ada.send(`${home}pats/${action}/${fingerprint}/127.0.0.0_24`, {
      ...{ method: 'POST', origin: lab.fixture.url, form: { token: 'made-up' } },
    })
    assert.equal(codeOf(answer), 'form-token-invalid')
  }
})

test('a confirmation counts for 400 days', async () => {
  const own = await startConfirmLab({})
  try {
    await own.confirm(await own.person(), await own.refusedLink({ from: HOME }))
    own.turnClock(399 * 86_400)
    assert.equal(await own.use({ from: HOME }), 200)
    assert.equal(await own.use({ from: AWAY }), 'pat-unconfirmed')
    own.turnClock(2 * 86_400)
    assert.equal(await own.use({ from: HOME }), 'pat-unconfirmed')
  } finally {
    await own.close()
  }
})
