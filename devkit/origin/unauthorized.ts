import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/**
 * The 401 of an on-prem Azure DevOps Server: one field line per scheme, which clients tell apart by how a line begins,
 * and the fields by which they recognise an on-prem server.
 */
export function sendUnauthorized(response: ServerResponse, realm: string): void {
  response.writeHead(401, [
    ...['WWW-Authenticate', 'Bearer'],
    ...['WWW-Authenticate', `Basic realm="${realm}"`],
    ...['WWW-Authenticate', 'Negotiate'],
    ...['Lfs-Authenticate', 'NTLM'],
    ...['X-TFS-ProcessId', randomUUID()],
    ...['X-TFS-Session', randomUUID()],
    ...['X-VSS-E2EID', randomUUID()],
    ...['ActivityId', randomUUID()],
    ...['Content-Type', 'text/plain; charset=utf-8'],
  ])
  response.end('TF400813: The user is not authorized to access this resource.\n')
}
