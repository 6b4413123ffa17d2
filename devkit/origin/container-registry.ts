/** A container registry (OCI Distribution Specification 1.1): pull, push in pieces, tags. In memory. */
import { createHash, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type OriginExchange, readContent, sendJson } from './exchange.ts'

const MAX_BYTES = 8 * 1024 * 1024
const MAX_OBJECTS = 200

interface Stored {
  readonly type: string
  readonly content: Buffer
}

const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`

export class ContainerRegistry {
  /** By `name@digest`; a manifest by `name:tag`, too. */
  readonly #objects = new Map<string, Stored>()
  readonly #uploads = new Map<string, Buffer>()

  /** `resource` follows `/v2`. */
  async serve(exchange: OriginExchange, resource: string): Promise<void> {
    const { request, response } = exchange
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0')
    if (resource === '' || resource === '/') return sendJson(response, 200, {})
    const [, name = '', kind, rest = ''] = /^\/(.+?)\/(blobs\/uploads|blobs|manifests|tags)\/(.*)$/.exec(resource) ?? []
    if (kind === 'tags') return sendJson(response, 200, { name, tags: this.#tagsOf(name) })
    if (kind === 'blobs/uploads') return this.#upload(exchange, name, rest)
    const key = rest.includes(':') ? `${name}@${rest}` : `${name}:${rest}`
    if (kind === 'manifests' && request.method === 'PUT') return this.#putManifest(exchange, name, key)
    return this.#send(response, this.#objects.get(key), request.method === 'HEAD')
  }

  #tagsOf(name: string): string[] {
    return [...this.#objects.keys()].filter(key => key.startsWith(`${name}:`)).map(key => key.slice(name.length + 1))
  }

  #store(name: string, content: Buffer, type: string): string {
    if (this.#objects.size >= MAX_OBJECTS) throw new Error('the registry is full')
    const digest = digestOf(content)
    this.#objects.set(`${name}@${digest}`, { type, content })
    return digest
  }

  async #putManifest({ request, response }: OriginExchange, name: string, key: string): Promise<void> {
    const content = await readContent(request, MAX_BYTES)
    const type = request.headers['content-type'] ?? ''
    const digest = this.#store(name, content, type)
    this.#objects.set(key, { type, content })
    response.writeHead(201, { Location: `/v2/${name}/manifests/${digest}`, 'Docker-Content-Digest': digest }).end()
  }

  /** POST begins, PATCH adds, PUT ends and names the digest (end-4a, end-5, end-6). */
  async #upload({ request, response, url }: OriginExchange, name: string, id: string): Promise<void> {
    const before = this.#uploads.get(id)
    if (request.method !== 'POST' && before === undefined) return sendJson(response, 404, {})
    const upload = before === undefined ? randomUUID() : id
    const content = Buffer.concat([before ?? Buffer.alloc(0), await readContent(request, MAX_BYTES)])
    if (request.method !== 'PUT') {
      this.#uploads.set(upload, content)
      const fields = { Location: `/v2/${name}/blobs/uploads/${upload}`, Range: `0-${Math.max(content.length - 1, 0)}` }
      return void response.writeHead(202, fields).end()
    }
    this.#uploads.delete(upload)
    if (digestOf(content) !== url.searchParams.get('digest')) return sendJson(response, 400, {})
    const digest = this.#store(name, content, 'application/octet-stream')
    response.writeHead(201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest }).end()
  }

  #send(response: ServerResponse, stored: Stored | undefined, isHead: boolean): void {
    if (stored === undefined) return sendJson(response, 404, { errors: [{ code: 'NAME_UNKNOWN' }] })
    const { type, content } = stored
    const fields = { 'Content-Length': content.length, 'Docker-Content-Digest': digestOf(content) }
    response.writeHead(200, { 'Content-Type': type, ...fields }).end(isHead ? undefined : content)
  }
}
