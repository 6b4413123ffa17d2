/** Which uses of a token its owner is asked about, by `patPolicy.confirm`. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { basic } from '../../devkit/torhaus/proxy-under-test.ts'
import { AWAY, type ConfirmLab, HOME, startConfirmLab } from './confirm-lab.ts'

let opened: ConfirmLab[] = []
afterEach(async () => {
  await Promise.all(opened.map(lab => lab.close()))
  opened = []
})
async function labWith(...settings: Parameters<typeof startConfirmLab>): Promise<ConfirmLab> {
  const lab = await startConfirmLab(...settings)
  opened.push(lab)
  return lab
}

const pathTo = async (lab: ConfirmLab, person: Awaited<ReturnType<ConfirmLab['person']>>, pattern: RegExp) => {
  const { text } = await person.get(`${lab.fixture.url}/.torhaus/`)
  const path = pattern.exec(text)?.[1]
  assert.ok(path, `no ${pattern} in ${text}`)
  return path
}

test('never: nobody is asked, and the page does not speak of it', async () => {
  const lab = await labWith({ confirm: 'never' })
  assert.equal(await lab.use(), 200)
  assert.doesNotMatch((await (await lab.person()).get(`${lab.fixture.url}/.torhaus/`)).text, /Where your tokens/)
})

test('new-network: the first network is learned, the next one is asked about', async () => {
  const lab = await labWith({ confirm: 'new-network' })
  assert.equal(await lab.use({ from: HOME }), 200)
  assert.equal(await lab.use({ from: HOME }), 200)
  assert.equal(await lab.use({ from: AWAY }), 'pat-unconfirmed')
  await lab.confirm(await lab.person(), await lab.refusedLink({ from: AWAY }))
  assert.equal(await lab.use({ from: AWAY }), 200)
})

test('new-network: what the owner has withdrawn is asked about, however often the token was used there', async () => {
  const lab = await labWith({ confirm: 'new-network' })
  const person = await lab.person()
  await lab.use({ from: HOME })
  await person.press(
    `${lab.fixture.url}/.torhaus/`,
    await pathTo(lab, person, /action="([^"]+\/withdraw\/[^"]+\/192\.0\.2\.7_32)"/),
  )
  assert.equal(await lab.use({ from: HOME }), 'pat-unconfirmed')
  await lab.confirm(person, await lab.refusedLink({ from: HOME }))
  assert.equal(await lab.use({ from: HOME }), 200)
})

test('report-only, uses pass, and are reported as what would have been refused', async () => {
  const lab = await labWith({ reportOnly: true })
  assert.equal(await lab.use(), 200)
  assert.equal(await lab.use(), 200)
  const [report, ...others] = lab.audited('would-have-refused')
  assert.deepEqual(
    [report?.['torhaus.rule'], report?.['torhaus.code'], report?.['user.name'], others.length],
    ['pat-policy', 'pat-unconfirmed', 'ada', 1],
  )
  assert.equal(await lab.metric('torhaus_pats_total{event="would_refuse"}'), 2)
  assert.deepEqual(lab.audited('second-factor-asked'), [], 'no link that nobody was shown')
})

test('a token of which the server does not say whose it is cannot be confirmed, so it is refused but where nobody is asked', async () => {
  const lab = await labWith({ confirmExceptFrom: [AWAY] }, { unreadable: 'forward' })
  const narrow = { token: basic('', 'c'.repeat(52)) }
  assert.equal(await lab.use(narrow), 'pat-unconfirmable')
  assert.equal(await lab.use({ ...narrow, from: AWAY }), 200)
})

test('a blocked token is blocked, and no link is shown', async () => {
  const lab = await labWith({ confirm: 'new-network' })
  const person = await lab.person()
  await lab.use()
  await person.press(`${lab.fixture.url}/.torhaus/`, await pathTo(lab, person, /action="([^"]+\/pats\/block\/[^"]+)"/))
  assert.equal(await lab.use({ from: AWAY }), 'pat-blocked')
  assert.deepEqual(lab.audited('second-factor-asked'), [])
})

test('a confirmation outlives the key that the fingerprint was made with', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-confirm-'))
  try {
    const [older, newer] = [join(directory, 'older'), join(directory, 'newer')]
    for (const file of [older, newer]) await writeFile(file, randomBytes(32).toString('base64'), { mode: 0o600 })
    const store = { kind: 'sqlite', sqlite: { file: join(directory, 'store.sqlite') } }
    const session = (...encryptionKeyFiles: string[]) => ({
      session: { sharedAs: 'lab', store, encryptionKeyFiles },
    })
    const first = await labWith({}, {}, session(older))
    await first.confirm(await first.person(), await first.refusedLink())
    await first.close()
    const both = await labWith({}, {}, session(newer, older))
    assert.equal(await both.use(), 200)
    assert.equal(await both.use({ from: AWAY }), 'pat-unconfirmed')
    await both.close()
    opened = []
    const last = await labWith({}, {}, session(newer))
    assert.equal(await last.use(), 200)
  } finally {
    await Promise.all(opened.map(lab => lab.close()))
    opened = []
    await rm(directory, { recursive: true, force: true })
  }
})
