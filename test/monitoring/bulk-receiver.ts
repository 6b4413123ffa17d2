/** Speaks as much of the bulk API as shippers ask for, and remembers what it was given. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { listen } from '../../devkit/op/listen.ts'

export interface Given {
  /** `create` or `index`, and where to. */
  readonly action: string
  readonly index: string | undefined
  readonly document: Readonly<Record<string, unknown>>
}

export interface BulkReceiver {
  readonly url: string
  readonly given: readonly Given[]
  close(): Promise<void>
}

export async function startBulkReceiver(): Promise<BulkReceiver> {
  const given: Given[] = []
  const server = createServer(async (request, response) => {
    const content = await text(request)
    const answer = (value: object) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json', 'X-Elastic-Product': 'Elasticsearch' })
        .end(JSON.stringify(value))
    if (!request.url?.includes('_bulk')) return answer({ version: { number: '8.17.0' } })
    const lines = content.split('\n').filter(Boolean)
    const items: object[] = []
    for (let at = 0; at + 1 < lines.length; at += 2) {
      const [[action = '', place] = []] = Object.entries(
        JSON.parse(lines[at] ?? '') as Record<string, { _index?: string }>,
      )
      given.push({ action, index: place?._index, document: JSON.parse(lines[at + 1] ?? '') as Given['document'] })
      items.push({ [action]: { _index: place?._index, status: 201 } })
    }
    return answer({ took: 1, errors: false, items })
  })
  await listen(server, '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    given,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
