import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { confirmAt, pressButton } from '../../devkit/clients/own-forms.ts'
import { samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import { closed, type Refused, startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'
import { linkIn } from '../grants/grants-lab.ts'

let lab: TunnelLab
before(async () => {
  const patPolicy = { confirm: 'first-use', reportOnly: false }
  lab = await startTunnelLab({ more: { credentials: { patProof: { profile: 'azure-devops' }, patPolicy } } })
})
after(() => lab.close())

test('a WebSocket opens with a token once its owner has confirmed, and closes when that is withdrawn', async () => {
  const token = { Authorization: `Bearer ${samplePat}`, 'User-Agent': 'git/2.50.1' }
  await assert.rejects(lab.open('/before', token), ({ code }: Refused) => code === 'pat-unconfirmed')
  const refused = await fetch(`${lab.url}/x`, { headers: token })
  const browser = await lab.signedIn()
  await confirmAt(browser, linkIn(await refused.text()), lab.users.ada)
  const socket = await lab.open('/confirmed', token)
  const home = `${lab.url}/.torhaus/`
  const withdraw = /action="([^"]+\/pats\/withdraw\/[^"]+)"/.exec((await browser.send(home)).text)?.[1]
  assert.ok(withdraw, 'no confirmation on the page')
  const over = closed(socket)
  await pressButton(browser, home, withdraw)
  assert.equal(await over, 1006)
  assert.equal((await lab.record('/confirmed'))['torhaus.code'], 'pat-unconfirmed')
  const page = (await browser.send(home)).text
  assert.doesNotMatch(page, /waiting for you/, 'nobody is asked for a tunnel that is looked at again')
})
