import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type OriginExchange, publicOrigin, readJson, sendJson } from './exchange.ts'
import { LfsLocks } from './lfs-locks.ts'
import { gitLabLfsPath } from './route.ts'

const lfsType = 'application/vnd.git-lfs+json'
const oidPattern = /^[0-9a-f]{64}$/
const maxBatchObjects = 1000

/** Where objects are, and the fields that clients send there. */
type Place = { readonly base: string; readonly header: object | undefined; readonly isOfGitLab: boolean }

type LfsObject = { readonly oid: string; readonly size: number }

export type LfsServer = {
  /** Answers one git-lfs request; `resource` is the path below `basePath`, which ends in `/info/lfs`. */
  serve(exchange: OriginExchange, basePath: string, resource: string): Promise<void>
}

/** The git-lfs server API with the basic transfer, and locks: objects are files named by their SHA-256. */
export function createLfsServer(directory: string, issueToken: (account: string) => Promise<string>): LfsServer {
  const locks = new LfsLocks()
  const fileOf = (oid: string) => join(directory, oid)
  const sizeOf = async (oid: string) => (await stat(fileOf(oid)).catch(() => undefined))?.size

  async function describe(object: LfsObject, operation: 'download' | 'upload', { base, header, isOfGitLab }: Place) {
    const known = (await sizeOf(object.oid)) === object.size
    const href = `${base}/objects/${object.oid}`
    if (operation === 'download') {
      const missing = { ...object, error: { code: 404, message: 'Object does not exist' } }
      return known ? { ...object, actions: { download: { href, header } } } : missing
    }
    if (known) return object
    if (isOfGitLab) return { ...object, actions: { upload: { href: `${href}/${object.size}`, header } } }
    return { ...object, actions: { upload: { href, header }, verify: { href: `${base}/verify`, header } } }
  }

  /** GitLab gives a token for the objects; Gitea has the client send again what it has sent. */
  async function placeOf({ request, identity }: OriginExchange, basePath: string): Promise<Place> {
    const origin = publicOrigin(request)
    if (identity.isOfGitLab) {
      const credentials = Buffer.from(`${identity.account}:${await issueToken(identity.account)}`).toString('base64')
      return { base: origin + gitLabLfsPath, header: { Authorization: `Basic ${credentials}` }, isOfGitLab: true }
    }
    const { authorization } = request.headers
    const header = authorization === undefined ? undefined : { Authorization: authorization }
    return { base: origin + basePath, header, isOfGitLab: false }
  }

  async function batch(exchange: OriginExchange, basePath: string): Promise<void> {
    const { request, response } = exchange
    const parsed = parseBatch(await readJson(request))
    if (parsed === undefined) {
      sendJson(response, 422, { message: 'This is no batch request' }, lfsType)
      return
    }
    const place = await placeOf(exchange, basePath)
    const objects = await Promise.all(parsed.objects.map(object => describe(object, parsed.operation, place)))
    sendJson(response, 200, { transfer: 'basic', hash_algo: 'sha256', objects }, lfsType)
  }

  async function upload(request: IncomingMessage, response: ServerResponse, oid: string): Promise<void> {
    await mkdir(directory, { recursive: true })
    const arriving = join(directory, `arriving-${randomUUID()}`)
    const hash = createHash('sha256')
    const hashing = new Transform({
      transform(chunk, _encoding, callback) {
        hash.update(chunk)
        callback(null, chunk)
      },
    })
    try {
      await pipeline(request, hashing, createWriteStream(arriving))
      const intact = hash.digest('hex') === oid
      if (intact) await rename(arriving, fileOf(oid))
      sendJson(response, intact ? 200 : 422, intact ? {} : { message: 'The content is not the object named' }, lfsType)
    } finally {
      await rm(arriving, { force: true })
    }
  }

  async function download(response: ServerResponse, oid: string): Promise<void> {
    const size = await sizeOf(oid)
    if (size === undefined) {
      sendJson(response, 404, { message: 'Object does not exist' }, lfsType)
      return
    }
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size })
    await pipeline(createReadStream(fileOf(oid)), response)
  }

  async function verify({ request, response }: OriginExchange): Promise<void> {
    const object = parseObject(await readJson(request))
    const intact = object !== undefined && (await sizeOf(object.oid)) === object.size
    sendJson(response, intact ? 200 : 404, intact ? {} : { message: 'Object does not exist' }, lfsType)
  }

  return {
    async serve(exchange, basePath, resource) {
      const { request, response } = exchange
      const oid = resource.slice('/objects/'.length).replace(/\/\d+$/, '')
      const isObject = resource.startsWith('/objects/') && oidPattern.test(oid)
      if (request.method === 'POST' && resource === '/objects/batch') return batch(exchange, basePath)
      if (request.method === 'POST' && resource === '/verify') return verify(exchange)
      if (request.method === 'PUT' && isObject) return upload(request, response, oid)
      if (request.method === 'GET' && isObject) return download(response, oid)
      if (/^\/locks(\/|$)/.test(resource)) return locks.serve(exchange, resource)
      sendJson(response, 404, { message: 'Not supported here' }, lfsType)
    },
  }
}

function parseBatch(value: unknown): { operation: 'download' | 'upload'; objects: LfsObject[] } | undefined {
  if (typeof value !== 'object' || value === null || !('operation' in value) || !('objects' in value)) return undefined
  const { operation, objects } = value
  if (operation !== 'download' && operation !== 'upload') return undefined
  if (!Array.isArray(objects) || objects.length > maxBatchObjects) return undefined
  const parsed = objects.flatMap(object => parseObject(object) ?? [])
  return parsed.length === objects.length ? { operation, objects: parsed } : undefined
}

function parseObject(value: unknown): LfsObject | undefined {
  if (typeof value !== 'object' || value === null || !('oid' in value) || !('size' in value)) return undefined
  const { oid, size } = value
  if (typeof oid !== 'string' || !oidPattern.test(oid) || typeof size !== 'number') return undefined
  return { oid, size }
}
