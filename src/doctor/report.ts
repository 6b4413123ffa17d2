/** What was found, for people and for pipelines. */
import { jsonText } from '../json-text.ts'
import type { Examined } from './examine.ts'

export const hasErrors = (all: readonly Examined[]): boolean =>
  all.some(({ findings }) => findings.some(({ severity }) => severity === 'error'))

/** One line a finding: what, why it matters, what to do. */
export function reportText(all: readonly Examined[]): string {
  return all.map(one => `${linesOf(one).join('\n')}\n`).join('')
}

function linesOf({ subject, findings, skipped }: Examined): string[] {
  if (skipped !== undefined) return [`skipped  ${subject}: ${skipped}`]
  if (findings.length === 0) return [`ok       ${subject}`]
  return findings.map(({ severity, what, why, remedy, option }) => {
    const about = option === undefined ? '' : ` (${option})`
    return `${severity.padEnd(7)}  ${subject}: ${what}; ${why}. To do${about}: ${remedy}`
  })
}

/** `findings` of all subjects in one list, as other checks have it; `skipped` says what was not looked at. */
export function reportJson(all: readonly Examined[]): string {
  return jsonText({
    ok: !hasErrors(all),
    findings: all.flatMap(({ subject, findings }) => findings.map(finding => ({ subject, ...finding }))),
    skipped: all.flatMap(({ subject, skipped }) => (skipped === undefined ? [] : [{ subject, why: skipped }])),
  })
}
