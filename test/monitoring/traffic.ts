/** One of everything that an operator's page asks about: people, programs, what is to go, and what goes wrong. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { basic, samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import type { WorkersLab } from '../workers/workers-lab.ts'

const PAUSE_MS = 50

export interface Traffic {
  stop(): Promise<void>
}

/** Goes round until it is stopped; what is answered does not matter. */
export async function startTraffic(lab: WorkersLab): Promise<Traffic> {
  const person = await lab.signedIn()
  const stopping = new AbortController()
  const running = goRound(lab, person, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function goRound(lab: WorkersLab, person: BrowserClient, signal: AbortSignal): Promise<void> {
  const withFactor = await lab.op.issueAccessToken('ada')
  const without = await lab.op.issueAccessToken('ada', { acr: 'pwd', amr: ['pwd'] })
  const ask = async (authorization: string | undefined, agent: string, init: RequestInit = {}) => {
    const headers = { 'User-Agent': agent, ...(authorization === undefined ? {} : { Authorization: authorization }) }
    const response = await fetch(`${lab.url}/DefaultCollection/_apis/projects`, {
      headers,
      redirect: 'manual',
      ...init,
    })
    await response.arrayBuffer()
  }
  const pat = basic('', samplePat).replace('Authorization: ', '')
  // Somebody else each time: what was asked once about a password is remembered.
  for (let round = 0; !signal.aborted; round++) {
    await person.send(`${lab.url}/DefaultCollection`)
    await ask(`Bearer ${withFactor}`, 'curl/8.0')
    await ask(`Bearer ${without}`, 'curl/8.0')
    await ask(`Bearer ${withFactor.slice(0, -8)}AAAAAAAA`, 'curl/8.0')
    await ask(pat, 'git/2.50.0', { method: 'POST', body: 'x'.repeat(1000) })
    await ask(basic(`CORP\\user${round}`, 'wrong').replace('Authorization: ', ''), 'git/2.50.0')
    await ask('NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==', 'Team Explorer/17.0')
    await ask(undefined, 'NuGet/6.0')
    await (await fetch(`${lab.url}/.torhaus/nothing`)).arrayBuffer()
    await rubbish(lab.port)
    await leave(lab.port)
    await sleep(PAUSE_MS)
  }
}

/** In the middle of its content. */
async function leave(port: number): Promise<void> {
  const connection = await RawConnection.open(port)
  const host = `Host: 127.0.0.1:${port}`
  connection.send(
    ['POST /upload HTTP/1.1', host, basic('', samplePat), 'Content-Length: 1000', '', 'half'].join('\r\n'),
  )
  await sleep(PAUSE_MS)
  connection.close()
}

/** Something that is no request. */
async function rubbish(port: number): Promise<void> {
  const connection = await RawConnection.open(port)
  connection.send('HELO example\r\n\r\n')
  await connection.response()
  connection.close()
}
