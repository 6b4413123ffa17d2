/**
 * The rules of the configuration, read from top to bottom: the first that matches decides. If a request can be read in
 * several ways, each reading is decided. If they agree, that decision holds; if they differ, rules that ask for less do
 * not match, and everything required for any reading is required. A report-only rule decides nothing; its decision is
 * recorded, and the next rules are read. Pure: no clock, no store.
 */
import { isLenient } from '../../config/lenient-rule.ts'
import type { Config } from '../../config/schema.ts'
import { usualPaths } from '../http/request-readings.ts'
import { AGENT_TOKEN_RULE, type RuleSettings } from './agent-token-rule.ts'
import { type Condition, conditionsOf, type Facts, type SpellingsOf, type View } from './conditions.ts'
import { gitReading } from './git-operation.ts'
import type { GroupsInFile } from './membership.ts'

/** What a rule asks of a request. */
export interface Requirement {
  readonly rule: string
  readonly require: RuleSettings['require']
  /** Seconds; undefined: as configured for everybody. */
  readonly maxAgeSeconds: number | undefined
  /** Undefined: as configured for everybody. */
  readonly acceptAcr: readonly string[] | undefined
  /** The server may take the request for somebody else's (`Sudo`). */
  readonly allowsIdentityChange: boolean
  /** It may make credentials that last. */
  readonly allowsLastingRights: boolean
}

export interface Reading {
  readonly decides: Requirement
  /** What other readings of the request require beside it. */
  readonly also: readonly Requirement[]
  /** Report-only rules that fit, above the one that decides; and what would decide if nothing were only reported. */
  readonly reports: readonly Requirement[]
  /** A rule that asks for less would fit, were the request read in one way only. */
  readonly isAmbiguous: boolean
}

interface Compiled {
  readonly requirement: Requirement
  readonly isReportOnly: boolean
  readonly conditions: readonly Condition[]
}

/** The outcome of one rule, for `torhaus explain`. */
export interface RuleTrace {
  readonly requirement: Requirement
  readonly isReportOnly: boolean
  /** Names of the conditions that do not fit; none: the rule fits. */
  readonly misfits: readonly string[]
}

/** How a request is looked at. */
export interface RulesOptions {
  /** The server takes the method of a form from its content (Rack: GitLab). */
  readonly formMayNameMethod: boolean
  /** What is looked at only to report what it would change. */
  readonly reportOnly: readonly Config['secondFactor']['reportOnly'][number][]
}

/** For what no rule fits. */
const OTHERWISE: Requirement = {
  ...{ rule: 'second-factor', require: 'second-factor', maxAgeSeconds: undefined, acceptAcr: undefined },
  allowsIdentityChange: false,
  allowsLastingRights: false,
}

const TICKET: Facts['credentials'] = { scheme: 'negotiate', token: '' }

/** What Rack lets a form say. */
const FORM_METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'LINK', 'UNLINK']

const NONE: readonly Requirement[] = []
const UNRULED: Reading = { decides: OTHERWISE, also: NONE, reports: NONE, isAmbiguous: false }
const NOTHING_REPORTED: RulesOptions = { formMayNameMethod: true, reportOnly: [] }

export class Rules {
  readonly #rules: readonly Compiled[]
  /** As they would be if nothing were only reported; undefined: as they are. */
  readonly #whole: Rules | undefined
  readonly #options: RulesOptions
  /** Otherwise nobody needs to know. */
  readonly #looksAtGit: boolean
  readonly #looksAtMethods: boolean

  /** `spellingsOf`: every name of an account. */
  constructor(
    settings: readonly RuleSettings[],
    options: RulesOptions = NOTHING_REPORTED,
    spellingsOf: SpellingsOf = account => [account],
    inFile: GroupsInFile = () => undefined,
  ) {
    const { reportOnly } = options
    this.#rules = settings.map(rule => compile(rule, !reportOnly.includes('path-readings'), spellingsOf, inFile))
    this.#options = options
    this.#whole =
      reportOnly.length === 0 ? undefined : new Rules(settings, { ...options, reportOnly: [] }, spellingsOf, inFile)
    this.#looksAtGit = settings.some(({ when }) => when.gitOperation !== undefined)
    this.#looksAtMethods = settings.some(({ when }) => when.methods.length > 0)
  }

  read(facts: Facts): Reading {
    if (this.#rules.length === 0) return UNRULED
    const reading = this.#readAll(facts)
    return this.#whole === undefined ? reading : withReports(reading, this.#whole.read(facts))
  }

  /**
   * Whether a Kerberos ticket alone would suffice for this request. The principal stays as it is: for an anonymous one,
   * rules for accounts or groups do not match.
   */
  ticketIsEnough(facts: Facts): boolean {
    return this.read({ ...facts, credentials: TICKET }).decides.require === 'first-factor'
  }

  /** Every rule, fitting or not, in order, as the request is written. */
  trace(facts: Facts): RuleTrace[] {
    const view = this.#view(facts, facts.target.path, facts.method)
    return this.#rules.map(({ requirement, isReportOnly, conditions }) => ({
      ...{ requirement, isReportOnly },
      misfits: conditions.filter(({ holds }) => !holds(facts, view)).map(({ name }) => name),
    }))
  }

  #readAll(facts: Facts): Reading {
    const written = this.#decide(facts, this.#view(facts, facts.target.path, facts.method))
    if (facts.readings === undefined) return written
    const views = this.#views(facts)
    const readings = views.map(view => this.#decide(facts, view))
    const agree = readings.every(({ decides }) => decides === written.decides)
    if (agree && !(facts.readings.hidesSegments && isLenient(written.decides)))
      return { ...written, reports: merge(readings.flatMap(({ reports }) => reports)) }
    const strict = views.map(view => this.#decide(facts, view, false))
    const [decides = OTHERWISE, ...also] = merge(strict.map(reading => reading.decides)).sort(refusalsFirst)
    return {
      ...{ decides, also, reports: merge(strict.flatMap(({ reports }) => reports)) },
      isAmbiguous: readings.some(reading => isLenient(reading.decides)),
    }
  }

  #decide(facts: Facts, view: View, lenientFit = true): Reading {
    let reports: Requirement[] | undefined
    for (const { conditions, isReportOnly, requirement } of this.#rules) {
      if (!lenientFit && isLenient(requirement)) continue
      if (!conditions.every(({ holds }) => holds(facts, view))) continue
      if (!isReportOnly) return { decides: requirement, also: NONE, reports: reports ?? NONE, isAmbiguous: false }
      reports ??= []
      reports.push(requirement)
    }
    return { decides: OTHERWISE, also: NONE, reports: reports ?? NONE, isAmbiguous: false }
  }

  #views(facts: Facts): View[] {
    const all = facts.readings?.paths ?? [facts.target.path]
    const paths = this.#options.reportOnly.includes('path-readings') ? usualPaths(all) : all
    const methods = this.#methods(facts)
    return paths.flatMap(path => methods.map(method => this.#view(facts, path, method)))
  }

  #methods({ method, readings }: Facts): readonly string[] {
    if (readings === undefined || this.#options.reportOnly.includes('method-override')) return [method]
    const isOpen = readings.isForm && this.#looksAtMethods && this.#options.formMayNameMethod
    return isOpen ? [...readings.methods, ...FORM_METHODS] : readings.methods
  }

  #view(facts: Facts, path: string, method: string): View {
    const git = this.#looksAtGit ? gitReading(path, method, facts.target.raw) : undefined
    const isUsual = git?.isSmart === true && git.certain !== undefined
    const counts = isUsual || !this.#options.reportOnly.includes('git-operation')
    return { path, method, git: counts ? git : undefined }
  }
}

/** The rules of a configuration, the built-in one first. */
export const rulesOf = (
  { rules, allowAgentTokenExchange, ...options }: Config['secondFactor'],
  spellingsOf?: SpellingsOf,
  inFile?: GroupsInFile,
): Rules => new Rules([...(allowAgentTokenExchange ? [AGENT_TOKEN_RULE] : []), ...rules], options, spellingsOf, inFile)

function compile(
  settings: RuleSettings,
  overlooksSlash: boolean,
  spellingsOf: SpellingsOf,
  inFile: GroupsInFile,
): Compiled {
  const { name, require, when, maxAgeSeconds, acceptAcr, reportOnly } = settings
  const requirement = {
    ...{ rule: name, require, maxAgeSeconds, acceptAcr, allowsIdentityChange: settings.allowIdentityChange },
    allowsLastingRights: settings.allowLastingRights,
  }
  const manner = { isLenient: isLenient(requirement), overlooksSlash, overlooksForms: settings === AGENT_TOKEN_RULE }
  return { requirement, isReportOnly: reportOnly, conditions: conditionsOf(when, manner, spellingsOf, inFile) }
}

/** Notes what would be required if nothing were only reported. */
function withReports(reading: Reading, whole: Reading): Reading {
  const required = new Set([reading.decides, ...reading.also].map(({ rule }) => rule))
  const more = [whole.decides, ...whole.also].filter(({ rule }) => !required.has(rule))
  return more.length === 0 ? reading : { ...reading, reports: merge([...reading.reports, ...more]) }
}

/** Each rule once. */
const merge = (requirements: readonly Requirement[]): Requirement[] => [
  ...new Map(requirements.map(requirement => [requirement.rule, requirement])).values(),
]

const refusalsFirst = (one: Requirement, other: Requirement) =>
  Number(other.require === 'refuse') - Number(one.require === 'refuse')
