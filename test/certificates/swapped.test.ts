/**
 * Certificates of the listener, authorities of clients and lists of what is revoked, swapped again and again while clients
 * ask: none of their requests fails, and after each reload the new files count.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { createAuthority, type Signed } from '../../devkit/torhaus/certificate-authority.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { startWorkersLab, until, type WorkersLab } from '../workers/workers-lab.ts'
import { type ClientAuthorities, type ClientIdentity, createClientAuthorities } from './client-authority.ts'

const SWAPS = 100
const PAUSE_MS = 5
const SLOW_ANSWER_MS = 400

let authorities: ClientAuthorities
let lab: WorkersLab
let pairs: Signed[]
let trusted: string
const at = (name: string) => authorities.file(name)

before(async () => {
  authorities = createClientAuthorities()
  const authority = createAuthority(authorities.directory, 'servers')
  trusted = authority.certificate
  pairs = [1, 2, 3].map(() => authority.sign('IP:127.0.0.1'))
  swap(0)
  const clientCertificates = { caFile: at('ca.pem'), crlFile: at('list.pem') }
  const tls = { certificateFile: at('own.pem'), privateKeyFile: at('own.key'), clientCertificates }
  // A worker that starts compiles nothing anew.
  process.env.NODE_COMPILE_CACHE = at('compiled')
  lab = await startWorkersLab({ workers: 1, drainDelayMs: 0, tls }, config => ({
    ...{ ...config, publicUrl: config.publicUrl.replace('http:', 'https:') },
    // Signals alone: a look between two files would be one reload more.
    reload: { watchIntervalMs: 0 },
  }))
  lab.origin.answerWith(async (message, response) => {
    if (message.url === '/slow') await sleep(SLOW_ANSWER_MS)
    response.end('here')
  })
})
after(async () => {
  await lab?.close()
  authorities?.[Symbol.dispose]()
})

/** The files of that turn. Every second time, the authority of strangers is among those of clients. */
function swap(turn: number): void {
  const { root, stranger } = authorities
  const pair = pairs[turn % pairs.length] as Signed
  copyFileSync(pair.certificateFile, at('own.pem'))
  copyFileSync(pair.privateKeyFile, at('own.key'))
  writeFileSync(at('ca.pem'), root.certificate + (turn % 2 === 0 ? '' : stranger.certificate))
  writeFileSync(at('list.pem'), root.revocationList() + stranger.revocationList())
}

interface Answer {
  readonly status: number
  readonly code: string | undefined
  /** Of the certificate of the server. */
  readonly serial: string | undefined
}

/** One request; once more where a connection that was kept had been closed meanwhile, as clients do (RFC 9110 9.2.2). */
async function ask(identity: ClientIdentity, agent: Agent | undefined, path = '/'): Promise<Answer> {
  const [name = '', value = ''] = patField.split(': ')
  const { cert, key } = identity
  const options = { host: '127.0.0.1', port: lab.port, path, ca: trusted, cert, key, headers: { [name]: value } }
  for (let attempt = 1; ; attempt++) {
    const { promise, resolve, reject } = Promise.withResolvers<Answer | 'stale'>()
    const sent = request({ ...options, agent: agent ?? false, timeout: 60_000 }, response => {
      const serial = (response.socket as TLSSocket).getPeerX509Certificate()?.serialNumber
      const { statusCode = 0, headers } = response
      response.resume().on('error', reject)
      response.on('end', () => resolve({ status: statusCode, code: headers['x-torhaus-error'] as string, serial }))
    })
    sent.on('error', error => (sent.reusedSocket && attempt === 1 ? resolve('stale') : reject(error)))
    sent.on('timeout', () => sent.destroy(new Error('no answer')))
    sent.end()
    const answer = await promise
    if (answer !== 'stale') return answer
  }
}

test('whatever is swapped while clients ask, no request fails, and what is new counts', {
  timeout: 840_000,
}, async t => {
  const { root, stranger } = authorities
  const member = root.sign('member')
  const guest = stranger.sign('guest')
  const stopped = new AbortController()
  const failures: string[] = []
  let asked = 0
  const load = async (agent: Agent | undefined, path: string) => {
    while (!stopped.signal.aborted) {
      const seen = await ask(member, agent, path).catch((error: Error) => error)
      asked++
      if (seen instanceof Error) failures.push(`${path}: ${seen.message}`)
      else if (seen.status !== 200) failures.push(`${path}: ${seen.status} ${seen.code}`)
      await sleep(PAUSE_MS)
    }
    agent?.destroy()
  }
  const keeping = () => new Agent({ keepAlive: true, maxSockets: 1 })
  const clients = [load(undefined, '/'), load(keeping(), '/'), load(keeping(), '/slow'), load(undefined, '/slow')]
  // Metrics would wait for the workers that start.
  let reloads = 0
  createInterface(lab.supervisor.stdout as Readable).on('line', line => {
    if (line.includes('"event.action":"reload","event.outcome":"success"')) reloads++
  })
  try {
    for (let turn = 1; turn <= SWAPS; turn++) {
      const leaver = root.sign(`leaver ${turn}`)
      assert.equal((await ask(leaver, undefined)).status, 200)
      root.revoke(leaver)
      swap(turn)
      lab.supervisor.kill('SIGHUP')
      await until(`reload ${turn}`, () => reloads === turn)
      const served = new X509Certificate((pairs[turn % pairs.length] as Signed).certificate).serialNumber
      const code = turn % 2 === 0 ? 'client-certificate-incomplete' : undefined
      // A connection may still have come to a worker of before, which hears only now that others take over.
      await until(`what is new to count, ${turn}`, async () => {
        const [left, seen] = [await ask(leaver, undefined), await ask(guest, undefined)]
        return left.code === 'client-certificate-revoked' && seen.code === code && seen.serial === served
      })
    }
  } finally {
    stopped.abort()
    await Promise.all(clients)
  }
  t.diagnostic(`${asked} requests of clients beside ${SWAPS} swaps`)
  assert.ok(asked > SWAPS * 10, `${asked} requests`)
  assert.deepEqual(failures, [])
})
