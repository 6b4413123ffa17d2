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
  readonly conditions: readonly Condition[]
}

/** What became of one rule, for who asks why. */
export interface RuleTrace {
  readonly requirement: Requirement
  readonly isReportOnly: boolean
  /** Names of the conditions that do not fit; none: the rule fits. */
  readonly misfits: readonly string[]
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
const AGENT_TOKEN_EXCHANGE: RuleSettings = {
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

/** Less than what is required where no rule fits. */
const isLenient = (require: Requirement['require']) => require === 'nothing' || require === 'first-factor'

const NO_REPORTS: readonly Requirement[] = []

export class Rules {
  readonly #rules: readonly Compiled[]
  /** Otherwise nobody needs to know. */
  readonly #looksAtGit: boolean

  constructor(settings: readonly RuleSettings[]) {
    this.#rules = settings.map(compile)
    this.#looksAtGit = settings.some(({ when }) => when.gitOperation !== undefined)
  }

  read(facts: Facts): Reading {
    if (this.#rules.length === 0) return { decides: OTHERWISE, reports: NO_REPORTS, isAmbiguous: false }
    const { target } = facts
    const raw = this.#readPath(facts, target.path)
    if (target.path === target.normalisedPath) return { ...raw, isAmbiguous: false }
    const normalised = this.#readPath(facts, target.normalisedPath)
    return {
      ...raw,
      isAmbiguous: raw.decides !== normalised.decides || (target.isAmbiguous && isLenient(raw.decides.require)),
    }
  }

  /** Whether a Kerberos ticket alone would be enough for this request, whoever shows it. */
  ticketIsEnough(facts: Facts): boolean {
    return this.read({ ...facts, credentials: TICKET }).decides.require === 'first-factor'
  }

  /** Every rule, fitting or not, in order, as the raw path reads. */
  trace(facts: Facts): RuleTrace[] {
    const { path, raw } = facts.target
    const operation = gitOperation(path, raw)
    return this.#rules.map(({ requirement, isReportOnly, conditions }) => ({
      ...{ requirement, isReportOnly },
      misfits: conditions.filter(({ holds }) => !holds(facts, path, operation)).map(({ name }) => name),
    }))
  }

  #readPath(facts: Facts, path: string): Omit<Reading, 'isAmbiguous'> {
    const operation = this.#looksAtGit ? gitOperation(path, facts.target.raw) : undefined
    let reports: Requirement[] | undefined
    for (const rule of this.#rules) {
      if (!rule.conditions.every(({ holds }) => holds(facts, path, operation))) continue
      if (!rule.isReportOnly) return { decides: rule.requirement, reports: reports ?? NO_REPORTS }
      reports ??= []
      reports.push(rule.requirement)
    }
    return { decides: OTHERWISE, reports: reports ?? NO_REPORTS }
  }
}

/** The rules of a configuration, the built-in one first. */
export const rulesOf = ({ rules, allowAgentTokenExchange }: Config['secondFactor']): Rules =>
  new Rules([...(allowAgentTokenExchange ? [AGENT_TOKEN_EXCHANGE] : []), ...rules])

interface Condition {
  /** As the option is called. */
  readonly name: string
  readonly holds: (facts: Facts, path: string, operation: GitOperation | undefined) => boolean
}

function compile({ name, require, when, maxAgeSeconds, acceptAcr, reportOnly }: RuleSettings): Compiled {
  const conditions = conditionsOf(when, isLenient(require))
  // A method that is overridden by a field is not the method the server will see.
  if (isLenient(require))
    conditions.push({
      name: 'no X-HTTP-Method-Override',
      holds: ({ fields }) => fields.kept['x-http-method-override'] === undefined,
    })
  return { requirement: { rule: name, require, maxAgeSeconds, acceptAcr }, isReportOnly: reportOnly, conditions }
}

function conditionsOf(when: RuleSettings['when'], isExact: boolean): Condition[] {
  const conditions: Condition[] = []
  const add = (name: string, holds: Condition['holds']) => conditions.push({ name, holds })
  // The cheapest first: it decides most of the time.
  if (when.methods.length > 0) add('methods', ({ method }) => when.methods.includes(method))
  if (when.path !== undefined) {
    // To many servers letter case makes no difference: it must not be the way around a rule that asks for more.
    const pattern = new RegExp(`^(?:${when.path})$`, isExact ? 'u' : 'iu')
    add('path', (_, path) => pattern.test(path))
  }
  if (when.account !== undefined) {
    const pattern = new RegExp(`^(?:${when.account})$`, 'iu')
    add(
      'account',
      ({ principal }) =>
        principal.kind === 'person' && principal.account !== undefined && pattern.test(principal.account),
    )
  }
  if (when.networks.length > 0) {
    const contains = addressSet(when.networks)
    add('networks', ({ clientAddress }) => contains(clientAddress))
  }
  if (when.schemes.length > 0) add('schemes', facts => isOneOf(when.schemes, facts))
  if (when.clientClasses.length > 0) add('clientClasses', ({ clientClass }) => when.clientClasses.includes(clientClass))
  if (when.gitOperation !== undefined)
    add('gitOperation', (_facts, _path, operation) => operation === when.gitOperation)
  return conditions
}

/** A session that a ticket opened is as good as the ticket: it was opened so that a browser is not asked for each picture. */
function isOneOf(schemes: readonly string[], { credentials, principal }: Facts): boolean {
  if (schemes.includes(credentials.scheme)) return true
  const opened = principal.kind === 'person' ? principal.evidence.firstFactor : undefined
  return credentials.scheme === 'session' && opened !== undefined && schemes.includes(opened)
}
