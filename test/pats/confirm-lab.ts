/** A Torhaus that asks owners to confirm where their tokens are used, before an origin that says whose they are. */
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { GIT, type GrantsLab, linkIn, startGrantsLab } from '../grants/grants-lab.ts'

export interface TokenUse {
  readonly from?: string
  /** An Authorization field. */
  readonly token?: string
  readonly agent?: string
  readonly line?: string
}

export interface ConfirmLab extends GrantsLab {
  /** Authorization fields the origin knows, and whose they are. */
  readonly owners: Map<string, string>
  /** The error code of an answer, or its status. */
  use(use?: TokenUse): Promise<string | number>
  /** The link that a refused use is shown. */
  refusedLink(use?: TokenUse): Promise<string>
}

const READ = '/DefaultCollection/_apis/connectionData'
export const HOME = '192.0.2.7'
export const AWAY = '198.51.100.1'

export async function startConfirmLab(
  patPolicy: object,
  patProof: object = {},
  rest: object = {},
): Promise<ConfirmLab> {
  const owners = new Map([[patField, 'ada']])
  const credentials = {
    patProof: { profile: 'azure-devops', ...patProof },
    patPolicy: { confirm: 'first-use', reportOnly: false, ...patPolicy },
  }
  const lab = await startGrantsLab({}, { credentials, ...rest })
  lab.origin.answerWith(({ headers }, response, { target }) => {
    const owner = owners.get(`Authorization: ${headers.authorization}`)
    if (target !== READ) return void response.writeHead(200).end('content')
    if (owner === undefined) return void response.writeHead(401).end()
    const account = { id: '1', properties: { Account: { $value: owner } } }
    response.writeHead(200).end(JSON.stringify({ authenticatedUser: account }))
  })
  const ask = ({ from = HOME, token = patField, agent = GIT, line = 'GET /repo' }: TokenUse = {}) =>
    lab.ask(line, [token, `X-Forwarded-For: ${from}`, `User-Agent: ${agent}`])
  return {
    ...lab,
    owners,
    async use(use) {
      const answer = await ask(use)
      return answer.one('X-Torhaus-Error') ?? answer.status
    },
    refusedLink: async use => linkIn((await ask(use)).text),
  }
}
