import { FETCH_CONTENT, LS_REFS_CONTENT } from '../lab/git-content.ts'
import { pageBytes, SMALL_BYTES } from '../lab/origin.ts'
import type { LoadRequest } from '../load.ts'
import type { CredentialFields, Scenario } from '../scenario.ts'

const REPOSITORY = '/DefaultCollection/demo/_git/demo.git'
const MEDIA_TYPE = 'application/x-git-upload-pack'

/**
 * As git sends them once it knows that it needs credentials: its first request without any is refused, and no
 * forwarding.
 */
function gitRequests({ pat }: CredentialFields): LoadRequest[] {
  const fields = { ...pat, 'Accept-Encoding': 'deflate, gzip, br, zstd', 'Git-Protocol': 'version=2' }
  const posted = { ...fields, 'Content-Type': `${MEDIA_TYPE}-request`, Accept: `${MEDIA_TYPE}-result` }
  const target = `${REPOSITORY}/git-upload-pack`
  const advertisement: LoadRequest = {
    method: 'GET',
    target: `${REPOSITORY}/info/refs?service=git-upload-pack`,
    fields: { ...fields, Pragma: 'no-cache' },
    responseBytes: SMALL_BYTES,
  }
  const post = { method: 'POST', target, fields: posted } as const
  const references: LoadRequest = { ...post, content: LS_REFS_CONTENT, responseBytes: SMALL_BYTES }
  const pack: LoadRequest = { ...post, content: FETCH_CONTENT, responseBytes: pageBytes['100k'] }
  const lookForNews = [advertisement, references]
  // Build agents and editors ask far more often than there is something to fetch.
  return [...lookForNews, ...lookForNews, ...lookForNews, ...lookForNews, pack]
}

export const patGit: Scenario = {
  kind: 'requests',
  name: 'pat-git',
  description:
    'git fetch with a personal access token: info/refs and POSTs of ls-refs with 1 KB responses, every ninth request a pack of 100 KB.',
  openidc: 'oauth20',
  connections: 64,
  requestsPerSecond: 200,
  maxUpstreamSockets: 64,
  requests: gitRequests,
}
