/**
 * The rules of the configuration: read top to bottom, the first that fits decides. A report-only rule decides nothing; what
 * it would have decided is noted, and reading goes on. Pure: no clock, no store.
 */
import { addressSet } from '../../config/address-range.ts'
import type { Config } from '../../config/schema.ts'
import type { Authenticated } from '../exchange.ts'
import { type GitOperation, gitOperation } from './git-operation.ts'

export type RuleSettings = Config['secondFactor']['rules'][number]

/** What a rule asks of a request. */
export interface Requirement {
  readonly rule: string
  readonly require: RuleSettings['require']
  /** Seconds; undefined: as configured for everybody. */
  readonly maxAgeSeconds: number | undefined
  /** Undefined: as configured for everybody. */
  readonly acceptAcr: readonly string[] | undefined
}

export interface Reading {
  readonly decides: Requirement
  /** Report-only rules that fit, above the one that decides. */
  readonly reports: readonly Requirement[]
  /** Raw and normalised path are not judged alike: the server may see another path than we do. */
  readonly isAmbiguous: boolean
}

/** What rules look at. */
export type Facts = Pick<
  Authenticated,
  'method' | 'target' | 'fields' | 'clientAddress' | 'clientClass' | 'credentials' | 'principal'
>

interface Compiled {
  readonly requirement: Requirement
  readonly isReportOnly: boolean
  fits(facts: Facts, path: string, operation: GitOperation | undefined): boolean
}

/** For what no rule fits. */
const OTHERWISE: Requirement = {
  rule: 'second-factor',
  require: 'second-factor',
  maxAgeSeconds: undefined,
  acceptAcr: undefined,
}

const TICKET: Facts['credentials'] = { scheme: 'negotiate', token: '' }

/** Where build agents exchange a signed assertion for a token: with any collection or virtual directory in front. */
export const AGENT_TOKEN_EXCHANGE: RuleSettings = {
  name: 'agent-token-exchange',
  reason: 'the server checks the assertion',
  require: 'nothing',
  reportOnly: false,
  when: {
    path: '(?:/[^/]+)*/_apis/oauth2/token',
    methods: ['POST'],
    schemes: [],
    clientClasses: [],
    networks: [],
  },
}

const NO_REPORTS: readonly Requirement[] = []

export class Rules {
  readonly #rules: readonly Compiled[]

  constructor(settings: readonly RuleSettings[]) {
    this.#rules = settings.map(compile)
  }

  read(facts: Facts): Reading {
    if (this.#rules.length === 0) return { decides: OTHERWISE, reports: NO_REPORTS, isAmbiguous: false }
    const { target } = facts
    const raw = this.#readPath(facts, target.path)
    if (target.path === target.normalisedPath) return { ...raw, isAmbiguous: false }
    const normalised = this.#readPath(facts, target.normalisedPath)
    return {
      ...raw,
      isAmbiguous:
        target.isAmbiguous && (raw.decides !== normalised.decides || raw.decides.require !== 'second-factor'),
    }
  }

  /** Whether a Kerberos ticket alone would be enough for this request, whoever shows it. */
  ticketIsEnough(facts: Facts): boolean {
    return this.read({ ...facts, credentials: TICKET }).decides.require === 'first-factor'
  }

  #readPath(facts: Facts, path: string): Omit<Reading, 'isAmbiguous'> {
    const operation = gitOperation(path, facts.target.raw)
    let reports: Requirement[] | undefined
    for (const rule of this.#rules) {
      if (!rule.fits(facts, path, operation)) continue
      if (!rule.isReportOnly) return { decides: rule.requirement, reports: reports ?? NO_REPORTS }
      reports ??= []
      reports.push(rule.requirement)
    }
    return { decides: OTHERWISE, reports: reports ?? NO_REPORTS }
  }
}

type Condition = (facts: Facts, path: string, operation: GitOperation | undefined) => boolean

function compile({ name, require, when, maxAgeSeconds, acceptAcr, reportOnly }: RuleSettings): Compiled {
  const conditions: Condition[] = []
  if (when.path !== undefined) {
    const pattern = new RegExp(`^(?:${when.path})$`, 'u')
    conditions.push((_, path) => pattern.test(path))
  }
  if (when.account !== undefined) {
    const pattern = new RegExp(`^(?:${when.account})$`, 'iu')
    conditions.push(
      ({ principal }) =>
        principal.kind === 'person' && principal.account !== undefined && pattern.test(principal.account),
    )
  }
  if (when.networks.length > 0) {
    const contains = addressSet(when.networks)
    conditions.push(({ clientAddress }) => contains(clientAddress))
  }
  if (when.methods.length > 0) conditions.push(({ method }) => when.methods.includes(method))
  if (when.schemes.length > 0)
    conditions.push(({ credentials }) => (when.schemes as readonly string[]).includes(credentials.scheme))
  if (when.clientClasses.length > 0) conditions.push(({ clientClass }) => when.clientClasses.includes(clientClass))
  if (when.gitOperation !== undefined) conditions.push((_facts, _path, operation) => operation === when.gitOperation)
  // A method that is overridden by a field is not the method the server will see.
  if (require !== 'second-factor') conditions.push(({ fields }) => fields.kept['x-http-method-override'] === undefined)
  return {
    requirement: { rule: name, require, maxAgeSeconds, acceptAcr },
    isReportOnly: reportOnly,
    fits: (facts, path, operation) => conditions.every(condition => condition(facts, path, operation)),
  }
}
