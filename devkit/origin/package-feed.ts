/**
 * A feed of packages as Azure Artifacts has them: Maven, npm (the registry API), NuGet (the v3 protocol), and of cargo
 * as much as withdrawing a version takes. What is stored is forgotten at the end.
 */
import { createHash } from 'node:crypto'
import { jsonMember } from '../op/json-member.ts'
import { type OriginExchange, publicOrigin, readContent, sendJson } from './exchange.ts'

const MAX_PACKAGES = 100
const MAX_BYTES = 8 * 1024 * 1024

const PARENT_POM = '/maven/v1/com/example/parent/1/parent-1.pom'
const parentPom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.example</groupId>
  <artifactId>parent</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
</project>
`

const YANK = /^\/Cargo\/api\/v1\/crates\/[\w-]+\/[\w.]+\/yank$/

export class PackageFeed {
  /** By path below the feed. */
  readonly #files = new Map<string, Buffer>([[PARENT_POM, Buffer.from(parentPom)]])
  readonly #npm = new Map<string, object>()

  /** `base` is the path of the feed, `resource` what follows it. */
  async serve(exchange: OriginExchange, base: string, resource: string): Promise<void> {
    const { request, response } = exchange
    const [, format = ''] = /^\/(maven\/v1|npm\/registry|nuget\/v3|nuget\/v2|Cargo\/index)\//.exec(resource) ?? []
    if (request.method === 'PUT' && format === 'npm/registry') return this.#publishNpm(exchange, base)
    if (request.method === 'PUT' && format === 'nuget/v2') return this.#pushNuget(exchange)
    if (request.method === 'DELETE' && YANK.test(resource)) return sendJson(response, 200, { ok: true })
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, {})
    const described = this.#describe(exchange, base, format, resource)
    if (described !== undefined) return sendJson(response, 200, described)
    const file = this.#files.get(resource)
    if (file === undefined) return sendJson(response, 404, { error: 'Not found' })
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': file.length })
    response.end(request.method === 'HEAD' ? undefined : file)
  }

  #describe({ request, identity }: OriginExchange, base: string, format: string, resource: string): object | undefined {
    const rest = resource.slice(format.length + 2)
    if (format === 'npm/registry') return rest === '-/whoami' ? { username: identity.account } : this.#npm.get(rest)
    const at = `${publicOrigin(request)}${base}`
    if (format === 'Cargo/index' && rest === 'config.json')
      return { dl: `${at}/Cargo/dl`, api: `${at}/Cargo`, 'auth-required': true }
    if (format !== 'nuget/v3') return undefined
    if (rest === 'index.json')
      return {
        version: '3.0.0',
        resources: [
          { '@id': `${at}/nuget/v3/flat2/`, '@type': 'PackageBaseAddress/3.0.0' },
          { '@id': `${at}/nuget/v2/package/`, '@type': 'PackagePublish/2.0.0' },
        ],
      }
    const [, id] = /^flat2\/([\w.-]+)\/index\.json$/.exec(rest) ?? []
    return id !== undefined && this.#files.has(nugetPath(id)) ? { versions: ['1.0.0'] } : undefined
  }

  /** The document that `npm publish` sends has the package in it, in base64. */
  async #publishNpm({ request, response }: OriginExchange, base: string): Promise<void> {
    const document: unknown = JSON.parse((await readContent(request, MAX_BYTES)).toString())
    const name = String(jsonMember(document, 'name'))
    const version = String(jsonMember(document, 'dist-tags', 'latest'))
    const [data] = Object.values(Object(jsonMember(document, '_attachments'))).map(file => jsonMember(file, 'data'))
    if (typeof data !== 'string' || this.#files.size >= MAX_PACKAGES) return sendJson(response, 400, {})
    const content = Buffer.from(data, 'base64')
    const path = `/npm/registry/${name}/-/${name}-${version}.tgz`
    const dist = {
      tarball: `${publicOrigin(request)}${base}${path}`,
      integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
    }
    const described = Object(jsonMember(document, 'versions', version))
    this.#files.set(path, content)
    this.#npm.set(name, {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...described, dist } },
    })
    return sendJson(response, 201, { ok: true })
  }

  /** The first part of the form is the package; its file name says which. */
  async #pushNuget({ request, response }: OriginExchange): Promise<void> {
    const content = await readContent(request, MAX_BYTES)
    const type = request.headers['content-type'] ?? ''
    const form = await new Response(new Uint8Array(content), { headers: { 'Content-Type': type } }).formData()
    const [part] = [...form.values()]
    if (!(part instanceof File) || this.#files.size >= MAX_PACKAGES) return sendJson(response, 400, {})
    this.#files.set(nugetPath(part.name.replace(/\.1\.0\.0\.nupkg$/, '')), Buffer.from(await part.arrayBuffer()))
    response.writeHead(201).end()
  }
}

const nugetPath = (id: string) => `/nuget/v3/flat2/${id}/1.0.0/${id}.1.0.0.nupkg`
