import type { Scenario } from '../scenario.ts'

const UPLOAD_BYTES = 200 * 1024 * 1024

export const bulkUp: Scenario = {
  kind: 'transfer',
  name: 'bulk-up',
  description: 'One upload of 200 MB after the other, with a personal access token; a request here is one of them.',
  openidc: 'oauth20',
  maxUpstreamSockets: 8,
  count: 5,
  request: credentials => ({
    method: 'PUT',
    target: '/upload',
    fields: credentials.pat,
    responseBytes: String(UPLOAD_BYTES).length,
  }),
  uploadBytes: UPLOAD_BYTES,
}
