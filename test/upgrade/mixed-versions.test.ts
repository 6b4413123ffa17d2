/**
 * A roll-out, and back again: two versions on one store. Nobody is signed out, and what was confirmed stays confirmed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { EARLIER, isEarlierThere, startVersionsLab, type VersionsLab } from './versions-lab.ts'

const PEOPLE = 4
const ROUNDS = 5
const ONE_FACTOR = { acr: 'urn:one-factor', amr: ['pwd'] }
const GIT = { 'User-Agent': 'git/2.47.0', Accept: '*/*', 'Sec-Fetch-Mode': undefined, 'Sec-Fetch-Dest': undefined }

const skip = (await isEarlierThere()) ? false : `the commit ${EARLIER} is not in this clone`

async function signedIn(lab: VersionsLab): Promise<BrowserClient> {
  const browser = new BrowserClient()
  await signIn(browser, `${lab.url}/`, lab.user)
  return browser
}

/** Each person, and the program that was confirmed, asks a few times. */
async function allPass(lab: VersionsLab, people: readonly BrowserClient[], bearer: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const person of people) assert.equal((await person.send(`${lab.url}/page`)).status, 200)
    assert.equal((await asGit(lab, bearer)).status, 200)
  }
}

const asGit = (lab: VersionsLab, bearer: string) =>
  new BrowserClient().send(`${lab.url}/_git/r/info/refs?service=git-upload-pack`, {
    fields: { ...GIT, Authorization: `Bearer ${bearer}` },
  })

/** At the earlier version, by its own form. */
async function confirmed(lab: VersionsLab, person: BrowserClient, bearer: string): Promise<void> {
  const refusal = await asGit(lab, bearer)
  assert.equal(refusal.status, 403)
  const [link = ''] = /http\S+\/\.torhaus\/confirm\/\S+/.exec(refusal.text) ?? []
  assert.equal((await person.post(link, {})).status, 200)
}

for (const store of ['sqlite', 'redis'] as const) {
  test(`with ${store}, a new version beside the old one, alone, and back again: no session and no grant is lost`, {
    skip,
    timeout: 120_000,
  }, async () => {
    const lab = await startVersionsLab(store)
    try {
      await lab.start('earlier')
      lab.lead('earlier')
      const people = await Promise.all(Array.from({ length: PEOPLE }, () => signedIn(lab)))
      const bearer = await lab.op.issueAccessToken(lab.user.name, ONE_FACTOR)
      await confirmed(lab, people[0] as BrowserClient, bearer)
      await allPass(lab, people, bearer)

      await lab.start('this')
      lab.lead('earlier', 'this')
      await allPass(lab, people, bearer)
      people.push(await signedIn(lab))

      lab.lead('this')
      await lab.stop('earlier')
      await allPass(lab, people, bearer)
      people.push(await signedIn(lab))

      await lab.start('earlier')
      lab.lead('this', 'earlier')
      await allPass(lab, people, bearer)

      lab.lead('earlier')
      await lab.stop('this')
      await allPass(lab, people, bearer)
    } finally {
      await lab.close()
    }
  })
}
