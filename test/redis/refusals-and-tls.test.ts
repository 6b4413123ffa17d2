/** TLS towards Redis, the ACL user of docs/redis.md, and what is said where one of them does not fit. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type GrantsLab, linkIn } from '../grants/grants-lab.ts'
import { documentedUser } from './documented-user.ts'
import { startSharedLabs } from './shared-labs.ts'

const run = promisify(execFile)
const PASSWORD = 'correct-horse-battery-staple'

let directory: string
let redis: RedisProcess
let tlsUrl: string
const file = (name: string) => join(directory, name)

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-redis-tls-'))
  await makeCertificates()
  await writeFile(file('password'), `${PASSWORD}\n`)
  await writeFile(file('wrong'), 'wrong\n')
  const tlsPort = await freePort()
  tlsUrl = `rediss://127.0.0.1:${tlsPort}`
  redis = await startRedis({
    lines: [
      `tls-port ${tlsPort}`,
      `tls-cert-file ${file('server.crt')}`,
      `tls-key-file ${file('server.key')}`,
      `tls-ca-cert-file ${file('ca.crt')}`,
      'tls-auth-clients yes',
      `user default on >${PASSWORD} ~* &* +@all`,
      await documentedUser(PASSWORD),
    ],
    cliArgs: ['--no-auth-warning', '-a', PASSWORD],
  })
})
after(async () => {
  await redis?.close()
  await rm(directory, { recursive: true, force: true })
})

async function makeCertificates(): Promise<void> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  for (const name of ['ca', 'other-ca'])
    await openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    )
  for (const name of ['server', 'client']) {
    await openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    await writeFile(file('ext'), 'subjectAltName=IP:127.0.0.1\n')
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext']
    await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...by)
  }
}

const tls = () => ({ caFile: file('ca.crt'), certificateFile: file('client.crt'), privateKeyFile: file('client.key') })

test('over TLS, with a client certificate and the ACL user of the documentation, everything works and nothing else is allowed', async () => {
  await writeFile(file('torhaus-password'), PASSWORD)
  const options = {
    ...{ urls: [tlsUrl], username: 'torhaus', passwordFile: file('torhaus-password'), tls: tls() },
    // What is refused counts here, and nothing that a busy machine is late with.
    commandTimeoutMs: 10_000,
  }
  const credentials = { patAccountField: 'X-VSS-UserData' }
  const shared = await startSharedLabs(1, options, { rest: { credentials } })
  try {
    const lab = shared.labs[0] as GrantsLab
    lab.origin.answerWith((_, response) => {
      response.writeHead(200, { 'X-VSS-UserData': '0b1c:ada' }).end()
    })
    const person = await lab.person()
    assert.equal((await lab.ask('GET /', [patField])).status, 200)
    await lab.confirm(person, linkIn((await lab.asProgram()).text))
    assert.equal((await lab.asProgram()).status, 200)
    assert.equal((await person.get(`${lab.fixture.url}/.torhaus/`)).status, 200)
    await lab.press(person, '/.torhaus/sign-out-everywhere')
    assert.equal(await lab.metric('torhaus_store_errors_total'), 0)
    assert.ok((await lab.metric('torhaus_store_duration_seconds_count')) > 10)
  } finally {
    await shared.close()
  }
  const { link } = await openLink(
    redisSettings([tlsUrl], {
      keyPrefix: 'torhaus',
      username: 'torhaus',
      passwordFile: file('torhaus-password'),
      tls: tls(),
    }),
  )
  try {
    for (const [key, ...command] of [
      ['k', 'KEYS', '*'],
      ['k', 'FLUSHALL'],
      ['k', 'CONFIG', 'GET', '*'],
      ['other:1:k', 'GET', 'other:1:k'],
      ['c', 'PUBLISH', 'other', 'x'],
    ] as const)
      await assert.rejects(link.call(key, ...command), ({ cause }: { cause: Error }) => /^NOPERM/.test(cause.message))
    assert.ok(link.condition !== 'away', 'a refused command does not mean that Redis is away')
  } finally {
    link.close()
  }
})

test('a wrong password, or none, keeps Torhaus from starting, and the reason names no password', async () => {
  for (const change of [{ passwordFile: file('wrong') }, {}]) {
    await assert.rejects(startSharedLabs(1, { urls: [redis.url], ...change }), (error: Error) => {
      assert.match(error.message, /^Redis refuses the user or the password: (WRONGPASS|NOAUTH)/)
      assert.doesNotMatch(String(error.stack), /wrong\n|horse/)
      return true
    })
  }
})

test('a certificate of another authority, for another name, or none to show is no way in, and it is said why', async () => {
  const bad: [object, RegExp][] = [
    [{ caFile: file('other-ca.crt') }, /self-signed|unable to (get|verify)/i],
    [{ serverName: 'redis.example' }, /altnames|redis\.example/],
    [{ certificateFile: undefined, privateKeyFile: undefined }, /certificate required|closed|ECONNRESET/i],
  ]
  for (const [change, reason] of bad) {
    const settings = redisSettings([tlsUrl], { passwordFile: file('password'), tls: { ...tls(), ...change } })
    const { link, states } = await openLink(settings)
    link.close()
    assert.equal(states[0]?.isAvailable, false)
    assert.match(String(states[0]?.cause), reason)
  }
})
