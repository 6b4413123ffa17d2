import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let op: LyingOp

before(async () => {
  op = await startLyingOp()
})
after(() => op.close())

const signIn = (url: string) => new BrowserClient().get(`${url}/.torhaus/sign-in`)

test('an OP that calls itself otherwise than configured, be it by a slash, is refused, and the log says how', async () => {
  const lab = await startSignInLab({ issuer: `${op.issuer}/` })
  try {
    assert.equal(codeOf(await signIn(lab.url)), 'op-response-invalid')
    const { 'error.message': message } = await lab.logged(record => record['event.action'] === 'discovery')
    assert.match(String(message), new RegExp(`calls itself ${RegExp.escape(op.issuer)}, but oidc\\.issuer is .*/$`))
  } finally {
    await lab.close()
  }
})

test('50 sign-ins at an OP that is broken make it be asked once per pause, and it is asked again after it', async () => {
  let asked = 0
  const broken = createServer((_, response) => {
    asked++
    response.writeHead(500).end('<h1>internal detail</h1>')
  })
  const port = await listen(broken, '127.0.0.1', 0)
  let nowMs = Date.now()
  const lab = await startSignInLab({ issuer: `http://127.0.0.1:${port}`, now: () => nowMs })
  try {
    await lab.logged(record => record['event.action'] === 'discovery')
    for (const round of [1, 2]) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => signIn(lab.url)))
      for (const answer of answers) {
        assert.deepEqual([answer.status, codeOf(answer)], [503, 'op-unreachable'])
        assert.doesNotMatch(answer.text, /internal detail/)
      }
      assert.equal(asked, round)
      nowMs += 2001
    }
  } finally {
    await lab.close()
    broken.close()
    broken.closeAllConnections()
  }
})
