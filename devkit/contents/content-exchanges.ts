/**
 * What a client may do with content, each as a program on a connection of its own: what it sends, what it expects, and
 * whether the connection goes on.
 */
import { BrokenOff, type ContentConnection, type Head } from './content-connection.ts'
import { ComparedContent, piecesOf } from './pattern.ts'

export interface ContentClient {
  readonly connection: ContentConnection
  /** Field lines of every request. */
  readonly fields: readonly string[]
  /** Of this exchange alone. */
  readonly stream: number
  readonly bytes: number
  /** Between two pieces, in milliseconds; 0: as quick as can be. */
  readonly restMs: number
  /** Whether it leaves with a reset. */
  readonly isRude: boolean
}

/** Whether the connection is as good as before. */
export type ContentExchange = (client: ContentClient) => Promise<'goes on' | 'is over'>

type Framing = 'length' | 'chunked'

/** Not a multiple of anything, nor of what the server sends at a time. */
const SENT_PIECE_BYTES = 40_009

const down = (framing: Framing): ContentExchange => {
  return async client => {
    await client.connection.send(headOf(client, 'GET', 'down', `&framing=${framing}`))
    await expectDown(client)
    return 'goes on'
  }
}

const up = (framing: Framing, more = ''): ContentExchange => {
  return async client => {
    await client.connection.send(headOf(client, 'POST', 'up', more, framing))
    await Promise.all([sendContent(client, framing), expectTaken(client)])
    return 'goes on'
  }
}

const awaited: ContentExchange = async client => {
  await client.connection.send(headOf(client, 'PUT', 'up', '', 'length', ['Expect: 100-continue']))
  expectStatus(await client.connection.head(), 100)
  await Promise.all([sendContent(client, 'length'), expectTaken(client)])
  return 'goes on'
}

/** Both ways at a time. */
const echoed: ContentExchange = async client => {
  await client.connection.send(headOf(client, 'POST', 'echo', '', 'chunked'))
  await Promise.all([sendContent(client, 'chunked'), expectDown(client)])
  return 'goes on'
}

/** The server answers with a part of the content, and the client reads that only after it has sent all. */
const answeredEarly = (framing: Framing): ContentExchange => {
  return async client => {
    const { connection, bytes, stream } = client
    await connection.send(headOf(client, 'POST', 'up', `&answersAt=${bytes / 4}`, framing))
    await sendContent(client, framing)
    const said = await text(client, await connection.head())
    const [taken, of] = said.split(' of ')
    if (of !== String(stream) || !(Number(taken) >= bytes / 4)) throw new Error(`an early answer of others: ${said}`)
    return 'goes on'
  }
}

/** By Torhaus itself. */
const refused: ContentExchange = async client => {
  const { connection } = client
  await connection.send(headOf({ ...client, fields: client.fields.slice(0, 1) }, 'POST', 'up', '', 'length'))
  await sendContent(client, 'length')
  const head = await connection.head()
  expectStatus(head, 401)
  await connection.content(head, () => undefined)
  return 'goes on'
}

/** Without content, which must not be waited for, whatever the fields say. */
const empty: ContentExchange = async client => {
  const { connection } = client
  const requests = [
    ['HEAD', '', 200],
    ['GET', '&status=204', 204],
    ['GET', '&status=304', 304],
    ['HEAD', '&status=304', 304],
  ] as const
  for (const [method, more, status] of requests) {
    await connection.send(headOf(client, method, 'down', `&framing=length${more}`))
    expectStatus(await connection.head(), status)
  }
  return 'goes on'
}

/** Many in one write, answered in turn. */
const pipelined: ContentExchange = async client => {
  const bytes = Math.ceil(client.bytes / 8)
  const short = Array.from({ length: 6 }, (_, index) => ({ ...client, bytes: index === 2 ? bytes * 3 : bytes }))
  const heads = short.map((one, index) => {
    const method = index === 3 ? 'HEAD' : 'GET'
    return headOf(one, method, 'down', `&framing=${index % 2 === 0 ? 'chunked' : 'length'}`)
  })
  await client.connection.send(heads.join(''))
  for (const [index, one] of short.entries())
    if (index === 3) expectStatus(await client.connection.head(), 200)
    else await expectDown(one)
  return 'goes on'
}

const leftWhileReading = (framing: Framing): ContentExchange => {
  return async client => {
    const { connection, bytes, stream, isRude } = client
    await connection.send(headOf(client, 'GET', 'down', `&framing=${framing}`))
    const head = await connection.head()
    const compared = new ComparedContent(stream)
    await connection
      .content(
        head,
        chunk => {
          compared.add(chunk)
          if (compared.bytes > bytes / 3) connection.close(isRude)
        },
        client.restMs,
      )
      .catch(ignoreBrokenOff)
    return 'is over'
  }
}

const leftWhileSending = (framing: Framing): ContentExchange => {
  return async client => {
    const { connection, bytes, isRude } = client
    await connection.send(headOf(client, 'POST', 'up', '', framing))
    await sendContent(client, framing, bytes / 3)
    connection.close(isRude)
    return 'is over'
  }
}

/** The server breaks off; the client must not take for whole what is not. */
const brokenOffDown = (framing: Framing): ContentExchange => {
  return async client => {
    await client.connection.send(headOf(client, 'GET', 'down', `&framing=${framing}&breaksAt=${client.bytes / 2}`))
    const whole = await expectDown(client).then(
      () => true,
      error => ignoreBrokenOff(error) ?? false,
    )
    if (whole) throw new Error('all of a content that was broken off')
    client.connection.close()
    return 'is over'
  }
}

const brokenOffUp = (framing: Framing): ContentExchange => {
  return async client => {
    const { connection, bytes } = client
    await connection.send(headOf(client, 'POST', 'up', `&breaksAt=${bytes / 2}`, framing))
    const answer = async () => {
      const head = await connection.head()
      expectStatus(head, 502)
      await connection.content(head, () => undefined)
    }
    await Promise.all([sendContent(client, framing), answer().catch(ignoreBrokenOff)])
    connection.close()
    return 'is over'
  }
}

export const contentExchanges: ReadonlyMap<string, ContentExchange> = new Map([
  ['down', down('length')],
  ['down, chunked', down('chunked')],
  ['up', up('length')],
  ['up, chunked', up('chunked')],
  ['up to a server that reads slowly', up('length', '&restMs=2')],
  ['up, chunked, to a server that reads slowly', up('chunked', '&restMs=2')],
  ['up after 100 Continue', awaited],
  ['up and down at a time', echoed],
  ['answered early', answeredEarly('length')],
  ['answered early, chunked', answeredEarly('chunked')],
  ['refused', refused],
  ['without content', empty],
  ['pipelined', pipelined],
  ['left by its reader', leftWhileReading('length')],
  ['left by its reader, chunked', leftWhileReading('chunked')],
  ['left by its sender', leftWhileSending('length')],
  ['left by its sender, chunked', leftWhileSending('chunked')],
  ['broken off by the server', brokenOffDown('length')],
  ['broken off by the server, chunked', brokenOffDown('chunked')],
  ['broken off by the server that takes it', brokenOffUp('length')],
  ['broken off by the server that takes it, chunked', brokenOffUp('chunked')],
])

/** The connection is in step: short requests in one write get their answers, and nothing else comes. */
export async function expectInStep(client: ContentClient): Promise<void> {
  await pipelined({ ...client, bytes: 20_000, restMs: 0 })
  await empty({ ...client, bytes: 20_000 })
  client.connection.expectNothing()
}

function headOf(
  { fields, stream, bytes }: ContentClient,
  method: string,
  path: string,
  more = '',
  framing?: Framing,
  moreFields: readonly string[] = [],
): string {
  const framed = framing === 'length' ? `Content-Length: ${bytes}` : 'Transfer-Encoding: chunked'
  const lines = [...fields, ...moreFields, ...(framing === undefined ? [] : [framed])]
  return `${method} /${path}?stream=${stream}&bytes=${bytes}${more} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

async function sendContent(client: ContentClient, framing: Framing, upTo = Number.POSITIVE_INFINITY): Promise<void> {
  const { connection, stream, bytes, restMs } = client
  let sent = 0
  for (const piece of piecesOf(stream, bytes, SENT_PIECE_BYTES)) {
    if (framing === 'chunked') await connection.send(`${piece.length.toString(16)}\r\n`)
    await connection.send(piece)
    if (framing === 'chunked') await connection.send('\r\n')
    sent += piece.length
    if (sent >= upTo) return
    if (restMs > 0) await new Promise(resolve => setTimeout(resolve, restMs))
  }
  if (framing === 'chunked') await connection.send('0\r\n\r\n')
}

async function expectDown({ connection, stream, bytes, restMs }: ContentClient): Promise<void> {
  const head = await connection.head()
  expectStatus(head, 200)
  const compared = new ComparedContent(stream)
  await connection.content(head, chunk => compared.add(chunk), restMs)
  if (compared.bytes !== bytes) throw new Error(`${compared.bytes} octets of ${bytes} of stream ${stream}`)
}

async function expectTaken(client: ContentClient): Promise<void> {
  const head = await client.connection.head()
  expectStatus(head, 200)
  const said = await text(client, head)
  if (said !== `${client.bytes} of ${client.stream}`) throw new Error(`the answer of another: ${said.slice(0, 200)}`)
}

async function text({ connection }: ContentClient, head: Head): Promise<string> {
  let said = ''
  await connection.content(head, chunk => {
    said += chunk.toString()
  })
  return said
}

function expectStatus({ status, fields }: Head, expected: number): void {
  if (status !== expected) throw new Error(`${status} ${fields.get('x-torhaus-error') ?? ''}, not ${expected}`)
}

function ignoreBrokenOff(error: unknown): undefined {
  if (!(error instanceof BrokenOff)) throw error
}
