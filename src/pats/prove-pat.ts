/** The part of `authenticate` for tokens of the server, personal ones and its own: nothing is opened before the server has said whose it is. */
import { after } from '../awaitable.ts'
import { challenge, type Decision, deny, proceed } from '../decision.ts'
import { type Code, errorTable, Fault } from '../errors.ts'
import type { AskableToken, Authenticated, Presented, Principal } from '../exchange.ts'
import type { PatProof, PatVerdict } from './pat-proof.ts'

type Answer = Decision<Authenticated>

export type ProvePat = (presented: Presented, token: AskableToken) => Answer | Promise<Answer>

export interface ProvePatParts {
  readonly proof: Pick<PatProof, 'judge'>
  /** Refuse nothing: report what would have been refused. */
  readonly reportOnly: boolean
  readonly report: (presented: Presented, code: Code) => void
  /** Counts a refusal for which nobody was asked. */
  readonly limited: () => void
}

const NO_FIELDS: readonly string[] = []
const SERVER_CHECKED: Principal = { kind: 'server-checked' }

/** The server decides, once it has the request. */
export const unprovenPat: ProvePat = presented =>
  proceed({ ...presented, principal: SERVER_CHECKED, replyFields: NO_FIELDS })

export function provePat({ proof, reportOnly, report, limited }: ProvePatParts): ProvePat {
  return (presented, token) => after(proof.judge(token, presented), verdict => conclude(presented, verdict))

  function conclude(presented: Presented, verdict: PatVerdict): Answer {
    if (verdict.kind === 'proven')
      return proceed({ ...presented, principal: verdict.principal, replyFields: NO_FIELDS })
    if (verdict.kind === 'limited') limited()
    if (verdict.kind === 'let-pass') return unproven(presented, verdict.code)
    return reportOnly ? unproven(presented, codeOf(verdict)) : refuse(verdict)
  }

  function unproven(presented: Presented, code: Code): Answer {
    report(presented, code)
    return proceed({ ...presented, principal: SERVER_CHECKED, replyFields: NO_FIELDS })
  }
}

type Unproven = Exclude<PatVerdict, { kind: 'proven' }>

function codeOf(verdict: Unproven): Code {
  if (verdict.kind === 'away') return 'pat-proof-unavailable'
  return verdict.kind === 'limited' ? 'pat-proof-limited' : verdict.code
}

function refuse(verdict: Unproven): Answer {
  if (verdict.kind === 'away') throw new Fault('pat-proof-unavailable', verdict.cause)
  if (verdict.kind === 'limited') return deny('pat-proof-limited', { retryAfterSeconds: verdict.retryAfterSeconds })
  return errorTable[verdict.code].status === 401 ? challenge(verdict.code) : deny(verdict.code)
}
