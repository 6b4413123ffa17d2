/** A logout of the whole person takes back what was built on the sign-in; of one session it does not. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { type GrantsLab, linkIn, startGrantsLab } from '../grants/grants-lab.ts'
import { EVENT } from './logout-lab.ts'

const labs: GrantsLab[] = []
after(() => Promise.all(labs.map(lab => lab.close())))

async function logOut({ fixture: { op, url } }: GrantsLab, claims: object): Promise<Response> {
  const iat = Math.floor(Date.now() / 1000)
  const all = {
    iss: op.issuer,
    aud: agreed.clientId,
    iat,
    exp: iat + 60,
    jti: randomUUID(),
    events: { [EVENT]: {} },
    ...claims,
  }
  const body = new URLSearchParams({ logout_token: await op.signJwt({ typ: 'logout+jwt' }, all) })
  return fetch(`${url}/.torhaus/backchannel-logout`, { method: 'POST', body })
}

/** A program that a person has confirmed. */
async function confirmed(): Promise<GrantsLab> {
  const lab = await startGrantsLab()
  labs.push(lab)
  const link = linkIn((await lab.asProgram()).text)
  assert.equal((await lab.confirm(await lab.person(), link)).status, 200)
  assert.equal((await lab.asProgram()).status, 200)
  return lab
}

test('the logout of one session leaves the grants of the person, the logout of the person ends them', async () => {
  const lab = await confirmed()
  const sub = lab.fixture.op.subjectOf('ada')
  const database = new DatabaseSync(join(dirname(lab.fixture.configFile), 'sessions.sqlite'), { readOnly: true })
  const sid = database.prepare('SELECT op_session_id FROM person_session').get()?.op_session_id
  database.close()
  assert.equal((await logOut(lab, { sub, sid })).status, 200)
  assert.equal(lab.audited('back-channel-logout')[0]?.['torhaus.sessions'], 1)
  assert.equal((await lab.asProgram()).status, 200)
  await lab.person()
  assert.equal((await logOut(lab, { sub })).status, 200)
  assert.equal((await lab.asProgram()).status, 403)
})
