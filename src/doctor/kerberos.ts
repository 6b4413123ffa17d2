import type { Examination } from './examination.ts'
import { type Finding, Skipped } from './finding.ts'

export const examineKerberos: Examination = async ({ config, account, now, monotonic, environment }) => {
  const { kerberos: settings, publicUrl, upstream } = config
  if (settings === undefined) throw new Skipped('there is no section kerberos')
  const { kind, kerberos } = upstream.identity
  const target = kind === 'kerberos' ? kerberos?.targetPrincipal : undefined
  const question = { settings, publicHost: new URL(publicUrl).hostname, target, account }
  // Loaded on demand, like the directory itself.
  const { examineDirectory } = await import('../kerberos/examine-directory.ts')
  const problems: Finding[] = await examineDirectory(question, { now, monotonic, environment })
  return problems
}
