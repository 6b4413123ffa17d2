/**
 * The floors of the house, from the roof down. An import goes down, or sideways within one room, and never up; two
 * rooms on the same floor do not know each other. A room is a folder, or one of the loose files of `src/`.
 * `test/architecture.test.ts` keeps this; ARCHITECTURE.md shows it as a picture.
 */
export interface Floor {
  readonly name: string
  readonly rooms: readonly string[]
}

export const FLOORS: readonly Floor[] = [
  { name: 'entry point', rooms: ['src/main.ts'] },
  { name: 'programs', rooms: ['src/cli'] },
  { name: 'processes', rooms: ['src/doctor', 'src/process'] },
  { name: "operator's page", rooms: ['src/operator'] },
  { name: 'composition', rooms: ['src/app'] },
  { name: 'policy', rooms: ['src/pipeline.ts'] },
  { name: 'stages', rooms: ['middleware'] },
  { name: 'endpoints and tunnels', rooms: ['src/routes', 'src/tunnels'] },
  { name: 'observability', rooms: ['src/observability'] },
  { name: 'the provider', rooms: ['src/oidc'] },
  {
    name: 'domains',
    rooms: [
      ...['src/grants', 'src/identity', 'src/pats', 'src/policy', 'src/refusal', 'src/session'],
      ...['src/stage-chain.ts', 'src/upstream'],
    ],
  },
  { name: 'exchange and directory', rooms: ['src/exchange.ts', 'src/kerberos'] },
  {
    name: 'connections and limits',
    rooms: ['src/admission.ts', 'src/kerberos/kdc', 'src/limits', 'src/listener', 'src/policy/lasting-rights'],
  },
  {
    name: 'grammar and engines',
    rooms: [
      ...['src/decision.ts', 'src/http', 'src/kerberos/protocol', 'src/pats/profiles'],
      ...['src/remembered-lookup.ts', 'src/store', 'src/system.ts'],
    ],
  },
  {
    name: 'ground',
    rooms: [
      ...[
        'config',
        'src/account-key.ts',
        'src/ascii-case.ts',
        'src/awaitable.ts',
        'src/bounded-map.ts',
        'src/cause-chain.ts',
        'src/clock.ts',
        'src/confirmation-code.ts',
        'src/cover.ts',
        'src/exit-codes.ts',
        'src/fair-ledger.ts',
        'src/json-text.ts',
        'src/torhaus-version.ts',
        'src/worker-program.ts',
      ],
      'src/io',
    ],
  },
  { name: 'texts', rooms: ['src/texts'] },
  { name: 'products, encodings and faults', rooms: ['config/profiles', 'src/asn1', 'src/errors.ts'] },
]

/** `src/http/cookie.ts` -> `src/http`; `src/main.ts` -> `src/main.ts`. */
export function roomOf(path: string): string {
  const folder = path.slice(0, path.lastIndexOf('/'))
  return folder === 'src' ? path : folder
}

/** Position from the top; -1: no room of the house. */
export const floorOf = (path: string): number => FLOORS.findIndex(({ rooms }) => rooms.includes(roomOf(path)))
