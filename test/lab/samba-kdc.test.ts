import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { kinit } from '../../devkit/realm/clients.ts'
import { DEVOPS_SPN } from '../../devkit/realm/lab-accounts.ts'
import { runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'

let lab: SambaKdc

before(async () => {
  lab = await startSambaKdc({ accounts: [{ name: 'dora', password: 'dora-Passw0rd', groups: 3 }] })
})

after(() => lab.close())

test('signing in costs AS requests alone and a service ticket one TGS request, once', async () => {
  const start = lab.requests()
  const alice = await kinit(lab, 'alice')
  const signedIn = lab.requests()
  // The first AS-REQ learns that pre-authentication is required, the second brings it (RFC 4120 3.1.1, 5.2.7.2).
  assert.deepEqual(signedIn, { as: start.as + 2, tgs: start.tgs })
  for (let round = 0; round < 2; round++) await runCommand('kvno', [DEVOPS_SPN], { env: alice.env })
  assert.deepEqual(lab.requests(), { as: signedIn.as, tgs: signedIn.tgs + 1 })
  const counter = await fetch(lab.kdcCounter)
  assert.deepEqual(await counter.json(), lab.requests())
})

test("the proxy's account reaches the origin as alice by protocol transition and constrained delegation", async () => {
  const { code, stdout } = await impersonate('alice')
  assert.equal(code, 0)
  assert.match(stdout, /HTTP\/devops\.corp\.test@CORP\.TEST: kvno/)
})

for (const [account, pattern] of [
  ['sensitive1', /KDC can't fulfill requested option/],
  ['disabled1', /KDC policy rejects request/],
  ['nobody1', /not found in Kerberos database/],
] as const) {
  test(`the KDC refuses to impersonate ${account}`, async () => {
    const { code, stderr } = await impersonate(account)
    assert.equal(code, 1)
    assert.match(stderr, pattern)
  })
}

test('an account of one test and one added while the KDC runs both sign in', async () => {
  await lab.addAccounts([{ name: 'erik', password: 'erik-Passw0rd' }])
  for (const account of ['dora', 'erik']) {
    const { env } = await kinit(lab, account)
    assert.match(await runCommand('klist', [], { env }), new RegExp(`Default principal: ${account}@CORP\\.TEST`))
  }
})

test('samba-tool sees the directory of this lab', async () => {
  const groups = await lab.sambaTool('user', 'getgroups', 'dora')
  assert.match(groups, /dora-group-0001\ndora-group-0002\ndora-group-0003\n/)
})

test('a wrong password is refused and a KDC that resets connections is named as unreachable', async () => {
  await assert.rejects(
    kinit({ ...lab, passwordOf: () => 'wrong' }, 'bob'),
    /Preauthentication failed|Password incorrect/,
  )
  lab.relay.mode = 'refuse'
  await assert.rejects(kinit(lab, 'bob'), /Cannot contact any KDC/).finally(() => {
    lab.relay.mode = 'pass'
  })
})

test('two labs run side by side and a closed one leaves no process, port or file', async () => {
  const other = await startSambaKdc()
  const carol = await kinit(other, 'carol').finally(() => other.close())
  assert.notEqual(other.kdc, lab.kdc)
  assert.equal(carol.account, 'carol')
  await assert.rejects(access(other.directory), { code: 'ENOENT' })
  await assert.rejects(connected(other.address, 10088), { code: 'ECONNREFUSED' })
  await kinit(lab, 'carol')
})

async function impersonate(account: string) {
  const { env } = await kinitService()
  return tryCommand('kvno', ['--no-store', '-U', account, '-P', DEVOPS_SPN], { env })
}

async function kinitService() {
  const env = { ...process.env, KRB5_CONFIG: lab.krb5Config, KRB5CCNAME: `FILE:${lab.directory}/service-ccache` }
  await runCommand('kinit', ['-f', '-k', '-t', lab.keytabs.proxy, 'svc-proxy'], { env })
  return { env }
}

function connected(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}
