/** At the host of our own pages nothing is forwarded, with whatever credentials and in whatever spelling. */
import { patField } from '../../torhaus/proxy-under-test.ts'
import type { Attack, Target } from '../attack.ts'

const HANDSHAKE = [
  ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Request line without version; fields beside Host and credentials. `{host}`: that of our own pages. */
const REQUESTS: readonly (readonly [line: string, fields?: readonly string[]])[] = [
  ['GET /tfs/secret'],
  ['POST /tfs/secret', ['Content-Length: 0']],
  ['OPTIONS *'],
  ['GET http://{host}/tfs/secret'],
  ['GET //.torhaus/'],
  ['GET /.torhausx/secret'],
  ['GET /.torhaus/../tfs/secret'],
  ['GET /%2etorhaus/secret'],
  ['GET /tfs/socket', HANDSHAKE],
  ['GET /.torhaus/socket', HANDSHAKE],
  [
    'OPTIONS /tfs/secret',
    ['Origin: https://evil.example', 'Access-Control-Request-Method: GET', 'Sec-Fetch-Mode: cors'],
  ],
]

const CREDENTIALS: Readonly<Record<string, (target: Target) => Promise<string> | string>> = {
  'a token of the server': () => patField,
  'a token of the OP': async ({ op }) => `Authorization: Bearer ${await op.issueAccessToken('ada')}`,
}

const HOSTS = ['localhost:{port}', 'LOCALHOST', 'localhost:1']

export const ownHostAttacks: readonly Attack[] = Object.entries(CREDENTIALS).flatMap(([who, credentials]) =>
  REQUESTS.flatMap(([line, fields = []]) =>
    HOSTS.map(
      (named): Attack => ({
        name: `own host: ${line} at ${named}${fields === HANDSHAKE ? ' as a handshake' : ''}, with ${who}`,
        setting: 'own host',
        async run(target) {
          const host = named.replace('{port}', String(target.port))
          const head = [
            `${line.replace('{host}', host)} HTTP/1.1`,
            `Host: ${host}`,
            await credentials(target),
            ...fields,
          ]
          await target.send([...head, '', ''].join('\r\n'))
        },
      }),
    ),
  ),
)
