import { type OriginExchange, sendJson } from './exchange.ts'

/**
 * As much of the REST APIs of Gitea (`/api/v1`) and GitLab (`/api/v4`) as their clients need to say who they are and
 * what there is. `resource` begins with the version.
 */
export function serveProductApi({ request, response, identity: { account } }: OriginExchange, resource: string): void {
  const answers: Record<string, unknown> = {
    '/v1/user': { id: 7, login: account },
    '/v1/user/repos': [{ id: 1, name: 'demo', full_name: `${account}/demo` }],
    '/v4/user': { id: 7, username: account },
    '/v4/projects': [{ id: 1, path_with_namespace: `${account}/demo` }],
  }
  const found = request.method === 'GET' ? answers[resource] : undefined
  if (found === undefined) sendJson(response, 404, { message: '404 Not Found' })
  else sendJson(response, 200, found)
}
