/**
 * When the OP or the store is away a logout has failed, and says so with the one status the specification has for it.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { codeOf, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { startLogoutLab } from './logout-lab.ts'

const directory = await mkdtemp(join(tmpdir(), 'torhaus-logout-'))
after(() => rm(directory, { recursive: true, force: true }))

async function assertFailed(answer: Response, code: string): Promise<void> {
  assert.deepEqual([answer.status, codeOf(answer)], [400, code])
  assert.equal(((await answer.json()) as { error: string }).error, 'temporarily_unavailable')
}

test('with the OP away its keys are not known, and no token is good', async () => {
  const lab = await startSignInLab({ issuer: `http://127.0.0.1:${await freePort()}` })
  try {
    const body = new URLSearchParams({ logout_token: 'a.b.c' })
    await assertFailed(
      await fetch(`${lab.url}/.torhaus/backchannel-logout`, { method: 'POST', body }),
      'op-unreachable',
    )
  } finally {
    await lab.close()
  }
})

test('with the store broken the OP learns that nothing has ended, and so do log and metrics', async () => {
  const file = join(directory, 'sessions.sqlite')
  const lab = await startLogoutLab({
    configure: config => ({ ...config, session: { ...config.session, store: { sqlite: { file } } } }),
  })
  const database = new DatabaseSync(file)
  try {
    await lab.open({ sub: 'ada', sid: 's' })
    database.exec('ALTER TABLE person_session RENAME TO moved')
    const answer = await lab.postToken(await lab.token({ sid: 's' }))
    await assertFailed(answer, 'store-unavailable')
    assert.equal(await lab.metric('torhaus_op_logouts_total{channel="back",outcome="failed"}'), 1)
    assert.equal(lab.audited('logout-refused')[0]?.['torhaus.code'], 'store-unavailable')
    assert.equal(lab.audited('back-channel-logout').length, 0)
    database.exec('ALTER TABLE moved RENAME TO person_session')
    assert.equal((await lab.postToken(await lab.token({ sid: 's' }))).status, 200)
    assert.equal(lab.audited('back-channel-logout')[0]?.['torhaus.sessions'], 1)
  } finally {
    database.close()
    await lab.close()
  }
})
