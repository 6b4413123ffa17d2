/** A TLS session that is resumed keeps its certificate and the verdict: unless other authorities, or another list, gave it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { listen } from '../../devkit/op/listen.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { certificateOf, clientCertificateOptions } from '../../src/listener/client-certificate.ts'
import {
  type ClientAuthorities,
  type ClientIdentity,
  createClientAuthorities,
} from '../certificates/client-authority.ts'

let authorities: ClientAuthorities
let own: Certificate
let card: ClientIdentity
const servers: Server[] = []

before(async () => {
  authorities = createClientAuthorities()
  own = await createCertificate('IP:127.0.0.1')
  card = authorities.root.sign('card')
})
after(async () => {
  for (const server of servers) server.close()
  authorities?.[Symbol.dispose]()
  await own?.remove()
})

/** The key of tickets that workers and instances would share. */
const ticketKeys = Buffer.alloc(48, 7)

async function serve(files: { caFile: string; crlFile?: string }): Promise<number> {
  const settings = { ...files, mode: 'require', accountFrom: [], accountPattern: '.+', firstFactor: false } as const
  const pair = { cert: own.certificate, key: own.privateKey, ticketKeys }
  const server = createServer({ ...pair, ...clientCertificateOptions(settings) }, socket => {
    const shown = certificateOf(socket, () => 'root')
    socket.end(`${socket.isSessionReused() ? 'resumed' : 'full'} ${shown?.certificate.subject} ${shown?.problem}`)
  })
  servers.push(server)
  return listen(server, '127.0.0.1', 0)
}

async function ask(port: number, options: object): Promise<{ said: string; session: Buffer | undefined }> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca: own.certificate, ...options })
  let [said, session]: [string, Buffer | undefined] = ['', undefined]
  socket.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  socket.on('session', fresh => {
    session = fresh
  })
  await once(socket, 'close')
  return { said, session }
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`with ${maxVersion} a verdict is resumed by those who would give it, and by nobody else`, async () => {
    const { root, stranger } = authorities
    const caFile = root.certificateFile
    const crlFile = authorities.write('list.pem', root.revocationList())
    const port = await serve({ caFile, crlFile })
    const first = await ask(port, { ...card, maxVersion })
    assert.equal(first.said, 'full CN=card undefined')
    const resume = { maxVersion, session: first.session }
    assert.equal((await ask(port, resume)).said, 'resumed CN=card undefined')
    assert.equal((await ask(await serve({ caFile, crlFile }), resume)).said, 'resumed CN=card undefined')
    authorities.write('list.pem', root.revocationList())
    assert.equal((await ask(await serve({ caFile, crlFile }), resume)).said, 'full undefined undefined')
    assert.equal(
      (await ask(await serve({ caFile: stranger.certificateFile }), resume)).said,
      'full undefined undefined',
    )
    // Who has shown none has none when it comes back, though TLS calls that authorized with 1.3.
    const nobody = await ask(port, { maxVersion })
    assert.equal((await ask(port, { maxVersion, session: nobody.session })).said, 'resumed undefined undefined')
  })
