import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let lab: SignInLab
before(async () => {
  lab = await startSignInLab()
})
after(() => lab.close())

test('a browser with a session gets no challenge of the server that opens a password dialog', async () => {
  const browser = await lab.signedIn()
  for (const said of [
    ['Basic realm="x"'],
    ['Bearer', 'Basic realm="x"'],
    ['Bearer realm="a, Basic b", Basic realm="x"'],
    [],
  ]) {
    lab.origin.answerWith((_, response) =>
      response.writeHead(401, [...said.flatMap(value => ['WWW-Authenticate', value]), 'X-Other', 'kept']).end('denied'),
    )
    const answer = await browser.send(`${lab.url}/script`, { fields: { Accept: '*/*', 'Sec-Fetch-Mode': 'cors' } })
    assert.deepEqual([answer.status, answer.headers.get('x-other'), answer.text], [401, 'kept', 'denied'])
    // A 401 has a challenge (RFC 9110 15.5.2).
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
    assert.doesNotMatch((answer.headers.get('www-authenticate') ?? '').replaceAll(/"[^"]*"/g, ''), /basic/i)
  }
})
