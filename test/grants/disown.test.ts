/** "This was not me" at a confirmation: it is refused for good, told to whoever watches, and its person learns what to do. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formTo } from '../../devkit/clients/own-forms.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type GrantsLab, linkIn, startGrantsLab } from './grants-lab.ts'
import { Person } from './person.ts'

let lab: GrantsLab
let ada: Person
before(async () => {
  lab = await startGrantsLab({}, { appearance: { helpUrl: 'https://help.example/torhaus' } })
  ada = await lab.person()
})
after(() => lab?.close())

const newLink = async (from: string) => linkIn((await lab.asProgram({ from })).text)
const disownPath = (link: string) => new URL(link).pathname.replace('/confirm/', '/disown/')
const disown = (person: Person, link: string) => person.press(link, disownPath(link))
const counted = () => lab.metric('torhaus_grants_total{event="disowned"}')

test('what was disowned can be confirmed by nobody, and the program is refused as before', async () => {
  const [link, before] = [await newLink('10.8.0.1'), await counted()]
  const answer = await disown(ada, link)
  assert.equal(new URL(answer.url).pathname, '/.torhaus/disowned/password')
  assert.match(answer.text, /has your password\. Change it now/)
  assert.match(answer.text, /<a class="button" href="https:\/\/help\.example\/torhaus"/)
  assert.equal(codeOf(await ada.send(link)), 'confirmation-gone')
  const again = await lab.asProgram({ from: '10.8.0.1' })
  assert.equal(again.status, 403)
  assert.notEqual(linkIn(again.text), link, 'whoever asks again is asked about again')
  assert.equal(await counted(), before + 1)
  const record = lab.audited('confirmation-disowned').at(-1)
  assert.partialDeepStrictEqual(record, {
    'event.outcome': 'failure',
    'user.name': 'ada',
    'client.address': '127.0.0.1',
    'torhaus.network': '10.8.0.1/32',
    'torhaus.asked_from': '10.8.0.1',
  })
  assert.ok(!JSON.stringify(record).includes(link.slice(-9)), 'the code is not in it')
})

test('it needs the form that the page has shown, and nobody does it for somebody else', async () => {
  const link = await newLink('10.8.0.2')
  const path = disownPath(link)
  const { url } = lab.fixture
  const [noForm, foreign] = [
    await ada.send(url + path, { method: 'POST', origin: url }),
    await ada.send(url + path, { method: 'POST', origin: 'https://evil.example' }),
  ]
  assert.deepEqual([codeOf(noForm), codeOf(foreign)], ['form-token-invalid', 'sign-in-not-same-origin'])
  assert.equal(codeOf(await new Person().send(url + path, { method: 'POST', origin: url })), 'session-ended')
  const confirmForm = formTo((await ada.send(link)).text, new URL(link).pathname)
  assert.ok(confirmForm)
  assert.equal(
    codeOf(await ada.send(url + path, { method: 'POST', origin: url, form: confirmForm })),
    'form-token-invalid',
  )
  const others = linkIn((await lab.asProgram({ from: '10.8.0.2', user: 'carol' })).text)
  assert.equal(codeOf(await ada.send(others)), 'confirmation-other-account')
  assert.equal((await ada.send(link)).status, 200, 'it waits as before')
})

test('a form that is sent twice disowns once', async () => {
  const [link, before] = [await newLink('10.8.0.3'), await counted()]
  const { url } = lab.fixture
  const form = formTo((await ada.send(link)).text, disownPath(link))
  assert.ok(form)
  const sent = () => ada.send(url + disownPath(link), { method: 'POST', origin: url, form })
  const [first, second] = [await sent(), await sent()]
  assert.equal(first.status, 303)
  assert.ok(['confirmation-gone', 'form-token-invalid'].includes(codeOf(second) ?? ''))
  assert.equal(await counted(), before + 1)
})
