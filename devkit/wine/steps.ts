/** What is tried in wine, one after the other; each rejects in words where it is not as it should be. */
import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { resolve as absolute, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawConnection, requestText } from '../clients/raw-http.ts'
import { curlNegotiate, kinit } from '../realm/clients.ts'
import type { Initiator } from '../realm/initiator.ts'
import { PROXY_NAME } from '../realm/lab-accounts.ts'
import type { LabTorhaus } from '../realm/lab-torhaus.ts'
import type { SambaKdc } from '../realm/samba-kdc.ts'
import { torhausCommand } from '../torhaus/torhaus-program.ts'

interface StepParts {
  readonly torhaus: LabTorhaus
  readonly kdc: SambaKdc
  readonly initiator: Initiator
  /** Runs the Node for Windows; resolves with standard output, and rejects on another exit code than 0. */
  readonly command: (args: readonly string[]) => Promise<string>
}

const ROOT = absolute(import.meta.dirname, '../..')
const WAIT_MS = 60_000
const POLL_MS = 100
/** `listener.drainDelayMs` of this Torhaus: the request is finished when the listener has closed. */
export const DRAIN_DELAY_MS = 4000

export function stepsOf({
  torhaus,
  kdc,
  initiator,
  command,
}: StepParts): readonly (readonly [string, () => Promise<void>])[] {
  const { port, address, url, resolve, configFile } = torhaus
  const host = `Host: ${PROXY_NAME}:${port}`
  const whoami = async (authorization: string) => {
    const connection = await RawConnection.open(port)
    try {
      connection.send(requestText('GET /whoami', [host, `Authorization: ${authorization}`, 'Connection: close']))
      return await connection.response()
    } finally {
      connection.close()
    }
  }
  const seenAs = (account: string) => `{"account":"${account}@${kdc.realm}"}`
  const records = () =>
    readFileSync(torhaus.logFile, 'utf8')
      .split('\n')
      .flatMap(line => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
  const logged = (action: string, more: Readonly<Record<string, unknown>> = {}) =>
    until(`a record of ${action}`, () =>
      records().some(
        record =>
          record['event.action'] === action && Object.entries(more).every(([name, value]) => record[name] === value),
      ),
    )

  return [
    [
      'the configuration is valid: torhaus check',
      async () => void (await command([torhausCommand, 'check', configFile])),
    ],
    [
      'a token of the OP in, its account out by S4U to mod_auth_gssapi',
      async () => {
        const answer = await whoami(`Bearer ${await torhaus.op.issueAccessToken('alice')}`)
        assert.deepEqual([answer.status, answer.text.trim()], [200, seenAs('alice')])
      },
    ],
    [
      'a ticket in, proven to curl, its account out',
      async () => {
        const answer = await curlNegotiate(await kinit(kdc, 'bob'), `${url}/whoami`, { resolve: [resolve] })
        assert.deepEqual([answer.status, answer.body.trim()], [200, seenAs('bob')])
      },
    ],
    [
      'the same token again is refused, whichever worker it comes to',
      async () => {
        const { ccache } = await kinit(kdc, 'alice')
        const token = `Negotiate ${await initiator.negotiateToken({ spn: `HTTP@${PROXY_NAME}`, ccache })}`
        assert.equal((await whoami(token)).status, 200)
        for (let again = 0; again < 4; again++) {
          const answer = await whoami(token)
          assert.deepEqual([answer.status, answer.one('X-Torhaus-Error')], [401, 'negotiate-replayed'])
        }
      },
    ],
    [
      'a directory password in, and no wrong one',
      async () => {
        const basic = (password: string) => `Basic ${Buffer.from(`CORP\\bob:${password}`).toString('base64')}`
        assert.equal((await whoami(basic(kdc.passwordOf('bob')))).text.trim(), seenAs('bob'))
        assert.equal((await whoami(basic('Wr0ng-secret'))).one('X-Torhaus-Error'), 'password-wrong')
      },
    ],
    [
      'a configuration that is replaced by renaming is read again by itself',
      async () => {
        writeFileSync(`${configFile}.new`, `${readFileSync(configFile, 'utf8')}# changed\n`)
        renameSync(`${configFile}.new`, configFile)
        await logged('reload', { 'event.outcome': 'success', 'torhaus.reason': 'file' })
      },
    ],
    [
      'torhaus reload brings new workers, which go on',
      async () => {
        assert.match(await command([torhausCommand, 'reload', '--config', configFile]), /as it is now/)
        await logged('reload', { 'event.outcome': 'success', 'torhaus.reason': 'request' })
        assert.equal((await whoami(`Bearer ${await torhaus.op.issueAccessToken('alice')}`)).status, 200)
      },
    ],
    [
      'a start where IIS says, a reload, and a stop: the test in test/windows',
      async () =>
        void (await command(['--test', '--test-isolation=none', join(ROOT, 'test/windows/start-stop.test.ts')])),
    ],
    [
      'torhaus stop lets a request in flight finish, and ends with 0',
      async () => {
        const token = await torhaus.op.issueAccessToken('alice')
        const stopped = command([torhausCommand, 'stop', '--config', configFile])
        await logged('drain', { 'torhaus.reason': 'file' })
        // Within the time that a balancer gets to notice.
        const connection = await RawConnection.open(port)
        connection.send(requestText('POST /whoami', [host, `Authorization: Bearer ${token}`, 'Content-Length: 4']))
        connection.send('on')
        await sleep(DRAIN_DELAY_MS)
        connection.send('ly')
        assert.equal((await connection.response()).text.trim(), seenAs('alice'))
        connection.close()
        assert.match(await stopped, /has stopped/)
        assert.match(await torhaus.ended, /with exit code 0/)
        await assert.rejects(fetch(`http://${address}:${port}/`))
      },
    ],
  ]
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; !holds(); await sleep(POLL_MS))
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
}
