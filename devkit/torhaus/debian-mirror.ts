import { runCommand } from '../realm/run-command.ts'

const SUITE = 'bookworm'

/** Where this machine has its Debian from; other suites are there as well. */
export async function debianMirror(): Promise<string> {
  const format = '$(CODENAME) $(REPO_URI)'
  const targets = await runCommand('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'])
  const line = targets.split('\n').find(target => target.startsWith(`${SUITE} `))
  if (line === undefined) throw new Error(`apt knows no archive of ${SUITE}`)
  return line.slice(SUITE.length + 1)
}
