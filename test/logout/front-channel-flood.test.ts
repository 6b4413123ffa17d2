/** Front-channel logout has no signature: what strangers can do with it is little, and stays little. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type LogoutLab, startLogoutLab } from './logout-lab.ts'

const [FLOOD, MAX_NOTES] = [1200, 1000]
let lab: LogoutLab
let offsetMs = 0

before(async () => {
  lab = await startLogoutLab({
    now: () => Date.now() + offsetMs,
    configure: config => ({ ...config, oidc: { ...config.oidc, frontChannelLogout: true } }),
  })
})
after(() => lab?.close())

const say = (sid: string) =>
  fetch(`${lab.url}/.torhaus/frontchannel-logout?${new URLSearchParams({ iss: lab.op.issuer, sid })}`)

async function rows(table: string): Promise<number> {
  const directory = dirname(lab.configFile)
  const [file = ''] = (await readdir(directory)).filter(name => name.endsWith('.sqlite'))
  const database = new DatabaseSync(join(directory, file), { readOnly: true })
  try {
    return Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count)
  } finally {
    database.close()
  }
}

/** Signs in, while somebody says that the session at the OP has ended. */
async function signInWhile(sid: string, during: () => Promise<unknown>) {
  lab.op.tell(async ({ sign, header, claims }) => {
    const token = await sign(header, { ...claims, sub: 'ada', sid, preferred_username: 'ada' })
    await during()
    return token
  })
  return new BrowserClient().get(`${lab.url}/`)
}

test('a sign-in that a front-channel logout overtakes opens no session', async () => {
  const answer = await signInWhile('s1', () => say('s1'))
  assert.deepEqual([answer.status, codeOf(answer)], [403, 'sign-in-overtaken'])
})

test('a known sid that is said over and over keeps nobody from signing in', async () => {
  offsetMs = -5000
  await say('s2')
  offsetMs = 0
  for (let round = 0; round < 3; round++) {
    const answer = await signInWhile('s2', () => Promise.all(Array.from({ length: 5 }, () => say('s2'))))
    // The first time was five seconds before this ID token.
    assert.equal(answer.status, 200, String(codeOf(answer)))
  }
})

test(`${FLOOD} made-up sids leave ${MAX_NOTES} notes, and logouts with a signature are noted as before`, async () => {
  for (let batch = 0; batch < FLOOD; batch += 100) {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => say(`made-up-${batch + at}`)))
    assert.ok(answers.every(({ status }) => status === 200))
  }
  assert.equal(await rows('note'), MAX_NOTES)
  const iat = Math.floor(Date.now() / 1000) + 1
  const answer = await signInWhile('s3', async () => lab.postToken(await lab.token({ sid: 's3', iat, exp: iat + 60 })))
  assert.equal(codeOf(answer), 'sign-in-overtaken')
  assert.equal(await rows('note'), MAX_NOTES + 1)
})

test('what a sign-in asks for is bounded, and what is too long is refused and not stored', async () => {
  const before = await rows('sign_in_attempt')
  const long = ['x'.repeat(3000), 'a '.repeat(60), 'y'.repeat(100_000)]
  for (const acrValues of long) {
    const answer = await new BrowserClient().send(
      `${lab.url}/.torhaus/sign-in?${new URLSearchParams({ acr_values: acrValues })}`,
    )
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'sign-in-malformed'])
  }
  const longPath = `/${'p'.repeat(60_000)}`
  await new BrowserClient().send(`${lab.url}/.torhaus/sign-in?${new URLSearchParams({ return_to: longPath })}`)
  assert.equal(await rows('sign_in_attempt'), before + 1)
})
