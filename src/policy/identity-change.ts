import type { Connected } from '../exchange.ts'
import { hasParameter } from '../http/query.ts'

/** Acting as another (Gitea, GitLab), and tokens beside Authorization: whose, Torhaus would not see. */
const PARAMETERS: ReadonlySet<string> = new Set(['sudo', 'private_token', 'job_token', 'access_token'])

/** Nearly every query has none of these names, and no encoded one. */
const MAYBE = /[?&;](?:\+|sudo|private_token|job_token|access_token|[^=&;%]*%)/i

/** Whether a field or parameter makes the server take the request for somebody else's than the one whose credentials were checked. */
export function changesIdentity({ fields, target }: Pick<Connected, 'fields' | 'target'>): boolean {
  if (fields.changesIdentity) return true
  return target.raw.length > target.path.length && MAYBE.test(target.raw) && hasParameter(target.raw, PARAMETERS)
}
