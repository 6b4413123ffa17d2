import { type OriginExchange, publicOrigin, sendJson } from './exchange.ts'
import type { Identity } from './identity.ts'

/**
 * A resource as clients discover it by `OPTIONS _apis`: they look it up by id and build its address from the template.
 */
type ResourceLocation = {
  readonly id: string
  readonly area: string
  readonly resourceName: string
  readonly routeTemplate: string
}

/** The ids are part of the public API: every client carries them. */
const locations: readonly ResourceLocation[] = [
  {
    id: '00d9565f-ed9c-4a06-9a50-00e7896ccab4',
    area: 'Location',
    resourceName: 'ConnectionData',
    routeTemplate: '_apis/{resource}',
  },
  {
    id: 'e81700f7-3be2-46de-8624-2eb35882fcaa',
    area: 'Location',
    resourceName: 'ResourceAreas',
    routeTemplate: '_apis/{resource}/{areaId}',
  },
  {
    id: '603fe2ac-9723-48b9-88ad-09305aa6c6e1',
    area: 'core',
    resourceName: 'projects',
    routeTemplate: '_apis/{resource}/{*projectId}',
  },
  {
    id: '225f7195-f9c7-4d14-ab28-a83f7ff77e1f',
    area: 'git',
    resourceName: 'repositories',
    routeTemplate: '{project}/_apis/{area}/{resource}/{repositoryId}',
  },
]

const versions = { resourceVersion: 4, minVersion: '1.0', maxVersion: '7.2', releasedVersion: '7.1' }
const project = {
  id: '6f0ad1b4-32a7-4c0c-9d2f-1d8f1b1d7c11',
  name: 'demo',
  description: 'The project of the demo',
  state: 'wellFormed',
  revision: 1,
  visibility: 'private',
}
const repositoryId = '3e5a0c9a-54a5-4f52-8c6a-2a1a0c7c9d22'
const instanceId = 'b7a2f6c0-9d52-4b0e-8f55-6d1f4a0f3e33'

/**
 * Enough of the Azure DevOps REST API for its own clients: discovery, who one is, projects and repositories. `resource`
 * is the path within the collection, `collectionPath` the path of the collection itself.
 */
export function serveRestApi(exchange: OriginExchange, collectionPath: string, resource: string): void {
  const { request, response, identity } = exchange
  const base = `${publicOrigin(request)}${collectionPath}`
  const discovered = request.method === 'OPTIONS' ? /^\/_apis(?:\/([^/]+))?\/?$/.exec(resource) : null
  if (discovered) {
    sendCollection(exchange, describeLocations(discovered[1]))
    return
  }
  if (request.method !== 'GET') {
    sendJson(response, 405, { message: `${request.method} is not supported here` })
    return
  }
  const [, apiResource = ''] = /\/_apis\/(.+?)\/?$/.exec(resource) ?? []
  if (apiResource === 'connectionData') sendJson(response, 200, connectionData(identity, base))
  // On-prem servers have one address for every area, and say so with an empty list.
  else if (/^resourceareas$/i.test(apiResource)) sendCollection(exchange, [])
  else if (apiResource === 'projects') sendCollection(exchange, [{ ...project, url: projectUrl(base) }])
  else if (apiResource === `projects/${project.id}` || apiResource === `projects/${project.name}`)
    sendJson(response, 200, { ...project, url: projectUrl(base) })
  else if (apiResource === 'git/repositories') sendCollection(exchange, [repository(base)])
  else sendJson(response, 404, { message: 'The resource cannot be found.', typeKey: 'ResourceNotFoundException' })
}

function describeLocations(area: string | undefined) {
  return locations
    .filter(location => area === undefined || location.area.toLowerCase() === area.toLowerCase())
    .map(location => ({ ...location, ...versions }))
}

function sendCollection({ response }: OriginExchange, value: readonly unknown[]): void {
  sendJson(response, 200, { count: value.length, value })
}

function connectionData({ account }: Identity, base: string) {
  const user = {
    id: instanceId,
    descriptor: `System.Security.Principal.WindowsIdentity;${account}`,
    providerDisplayName: account,
    isActive: true,
    properties: { Account: { $type: 'System.String', $value: account } },
  }
  return {
    authenticatedUser: user,
    authorizedUser: user,
    instanceId,
    deploymentId: instanceId,
    deploymentType: 'onPremises',
    locationServiceData: { clientCacheFresh: false, clientCacheTimeToLive: 3600, defaultAccessMappingMoniker: base },
  }
}

function projectUrl(base: string): string {
  return `${base}/_apis/projects/${project.id}`
}

function repository(base: string) {
  return {
    id: repositoryId,
    name: 'demo',
    url: `${base}/_apis/git/repositories/${repositoryId}`,
    project: { ...project, url: projectUrl(base) },
    defaultBranch: 'refs/heads/main',
    remoteUrl: `${base}/_git/demo`,
    webUrl: `${base}/_git/demo`,
  }
}
