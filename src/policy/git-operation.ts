/**
 * Reading or writing a repository, as far as the head of a request shows it: the smart and the dumb protocol of git
 * (gitprotocol-http), and Git LFS (its API, and where Gitea, GitLab and Bitbucket store objects).
 */
import { queryValues } from '../http/query.ts'

export type GitOperation = 'fetch' | 'push'

export interface GitReading {
  /** What a server may take it for. */
  readonly possible: readonly GitOperation[]
  /** Undefined if the head does not determine it. */
  readonly certain: GitOperation | undefined
  /** Of the smart protocol, at the usual path. */
  readonly isSmart: boolean
}

const smart = (certain: GitOperation): GitReading => ({ possible: [certain], certain, isSmart: true })
const FETCH = smart('fetch')
const PUSH = smart('push')
const EITHER: GitReading = { possible: ['fetch', 'push'], certain: undefined, isSmart: true }
/** The dumb protocol: any file with such a name looks like it. */
const DUMB_FETCH: GitReading = { possible: ['fetch'], certain: undefined, isSmart: false }
const LFS_FETCH: GitReading = { ...FETCH, isSmart: false }
const LFS_PUSH: GitReading = { ...PUSH, isSmart: false }
/** A batch says in its content whether it is for downloads or uploads (Git LFS, batch API). */
const LFS_BATCH: GitReading = { ...EITHER, isSmart: false }

const SERVICE = /\/(?:git|ssh)-(upload-pack|upload-archive|receive-pack)\/?$/i
const ADVERTISEMENT = /\/info\/refs\/?$/i
const DUMB = /\.git\/(?:HEAD|objects\/(?:info\/|pack\/|[0-9a-f]{2}\/))/i
const LFS = /\/(?:info\/lfs|gitlab-lfs|rest\/git-lfs)\//i
const LFS_BATCH_PATH = /\/objects\/batch\/?$/i

/** What nearly every request is not, seen at one look. */
const MAYBE = /-pack|-archive|info\/|\.git\/|-lfs\//i

/** Undefined for what is no operation on a repository. `target` is as the client wrote it. */
export function gitReading(path: string, method: string, target: string): GitReading | undefined {
  if (!MAYBE.test(path)) return undefined
  const service = SERVICE.exec(path)?.[1]
  if (service !== undefined) return service.toLowerCase() === 'receive-pack' ? PUSH : FETCH
  if (ADVERTISEMENT.test(path)) return advertised(target)
  if (LFS.test(path)) return lfsReading(path, method)
  return DUMB.test(path) ? DUMB_FETCH : undefined
}

/** A request is looked at once for each path and method that it may be read as. */
let latest = { target: '', reading: DUMB_FETCH }

function advertised(target: string): GitReading {
  if (latest.target !== target) latest = { target, reading: advertisedIn(target) }
  return latest.reading
}

/** Servers disagree about which of several `service` parameters is used. None: the dumb protocol, or a fetch. */
function advertisedIn(target: string): GitReading {
  const services = new Set(queryValues(target, 'service').map(name => name.toLowerCase()))
  const isPush = services.has('git-receive-pack')
  const isFetch = services.has('git-upload-pack')
  if (services.size === 1 && isPush) return PUSH
  if (services.size === 1 && isFetch) return FETCH
  return isPush ? EITHER : DUMB_FETCH
}

function lfsReading(path: string, method: string): GitReading {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return LFS_FETCH
  return method === 'POST' && LFS_BATCH_PATH.test(path) ? LFS_BATCH : LFS_PUSH
}
