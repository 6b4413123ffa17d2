/**
 * A roll-out, and back again: two versions on one store, under load. Nobody is signed out, and what was confirmed stays
 * confirmed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { confirmAt } from '../../devkit/clients/own-forms.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { EARLIER, isEarlierThere, startVersionsLab, type VersionsLab } from './versions-lab.ts'

const PEOPLE = 4
const ROUNDS = 5
const PACE_MS = 20
const REFRESHES = 'torhaus_session_refreshes_total{outcome="refreshed"}'
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
    for (const person of people) assert.equal((await asPerson(lab, person)).status, 200)
    assert.equal((await asGit(lab, bearer)).status, 200)
  }
}

/** On a connection of its own, so that it is led to where people are led now. */
const asPerson = (lab: VersionsLab, person: BrowserClient) =>
  person.send(`${lab.url}/page`, { fields: { Connection: 'close' } })

const asGit = (lab: VersionsLab, bearer: string) =>
  new BrowserClient().send(`${lab.url}/_git/r/info/refs?service=git-upload-pack`, {
    fields: { ...GIT, Authorization: `Bearer ${bearer}`, Connection: 'close' },
  })

/** Everybody goes on asking, whatever becomes of the versions, until `end`, which resolves to what was not answered as before. */
function underLoad(lab: VersionsLab, people: readonly BrowserClient[], bearer: string) {
  const lost: string[] = []
  let asked = 0
  let isOver = false
  const askers = [
    ...people.map((person, index) => ({ name: `person ${index}`, ask: () => asPerson(lab, person) })),
    { name: 'git', ask: () => asGit(lab, bearer) },
  ]
  const goOn = async ({ name, ask }: (typeof askers)[number]) => {
    while (!isOver) {
      // A connection that was led to a version just before it stopped is lost, and nobody's session.
      const answer = await ask()
        .catch(ask)
        .catch((error: Error) => error.message)
      if (typeof answer === 'string' || answer.status !== 200) lost.push(`${name}: ${describe(answer)}`)
      asked++
      await sleep(PACE_MS)
    }
  }
  const all = askers.flatMap(asker => [goOn(asker), goOn(asker)])
  return {
    async end() {
      isOver = true
      await Promise.all(all)
      return { lost, asked }
    },
  }
}

const describe = (answer: string | Answer) =>
  typeof answer === 'string' ? answer : `${answer.status} ${answer.headers.get('x-torhaus-error')}`

/** At the earlier version, by its own form. */
async function confirmed(lab: VersionsLab, person: BrowserClient, bearer: string): Promise<void> {
  const refusal = await asGit(lab, bearer)
  assert.equal(refusal.status, 403)
  const [link = ''] = /http\S+\/\.torhaus\/confirm\/\S+/.exec(refusal.text) ?? []
  assert.equal((await person.post(link, {})).status, 200)
}

/** Another class of client, and so another grant. */
const asScript = (lab: VersionsLab, bearer: string) =>
  new BrowserClient().send(`${lab.url}/DefaultCollection/_apis/projects`, {
    fields: { ...GIT, 'User-Agent': 'curl/8.5.0', Authorization: `Bearer ${bearer}`, Connection: 'close' },
  })

for (const store of ['sqlite', 'redis'] as const) {
  test(`with ${store}, a new version beside the old one, alone, and back again: no session and no grant is lost`, {
    skip,
    timeout: 540_000,
  }, async () => {
    const lab = await startVersionsLab(store)
    let load: ReturnType<typeof underLoad> | undefined
    try {
      await lab.start('earlier')
      lab.lead('earlier')
      const people = await Promise.all(Array.from({ length: PEOPLE }, () => signedIn(lab)))
      const bearer = await lab.op.issueAccessToken(lab.user.name, ONE_FACTOR)
      await confirmed(lab, people[0] as BrowserClient, bearer)
      await allPass(lab, people, bearer)
      load = underLoad(lab, [...people], bearer)

      await lab.start('this')
      lab.lead('earlier', 'this')
      await allPass(lab, people, bearer)
      people.push(await signedIn(lab))

      lab.lead('this')
      await lab.stop('earlier')
      await allPass(lab, people, bearer)
      people.push(await signedIn(lab))
      const [link = ''] = /http[^"]+\/\.torhaus\/confirm\/[A-Z2-7-]+/.exec((await asScript(lab, bearer)).text) ?? []
      // By the last, who asks for nothing beside: a confirmation signs in anew, and ends the session of before.
      assert.match((await confirmAt(people.at(-1) as BrowserClient, link, lab.user)).text, /Run the command again/)
      assert.equal((await asScript(lab, bearer)).status, 200)

      await lab.start('earlier')
      lab.lead('this', 'earlier')
      await allPass(lab, people, bearer)
      // Refresh tokens are spent by either, and what came of them read by the other.
      for (const version of ['this', 'earlier'] as const)
        while ((await lab.metric(version, REFRESHES)) === 0) await allPass(lab, people, bearer)

      lab.lead('earlier')
      await lab.stop('this')
      await allPass(lab, people, bearer)
      assert.equal((await asScript(lab, bearer)).status, 200, 'what was confirmed at the newer version')
      const { lost, asked } = await load.end()
      assert.deepEqual(lost, [])
      assert.ok(asked > 2 * ROUNDS * PEOPLE, `${asked} requests`)
    } finally {
      await load?.end()
      await lab.close()
    }
  })
}
