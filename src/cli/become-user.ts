/** To look as another account does: for root alone, and there is no way back. */
import { execFileSync } from 'node:child_process'
import { usageError } from './command.ts'

/** `name`: or the number of an account. */
export function becomeUser(name: string): void {
  if (process.setuid === undefined || process.setgid === undefined || process.setgroups === undefined)
    throw usageError('--as-user needs a system with user accounts like those of Linux')
  if (process.getuid?.() !== 0)
    throw usageError(`--as-user works only for root: run the command as that account instead (sudo -u ${name})`)
  const [user = -1] = numbersOf('-u', name)
  const [group = -1, ...others] = numbersOf('-G', name)
  process.setgroups([group, ...others])
  process.setgid(group)
  process.setuid(user)
}

/** From wherever the system has its accounts. The first of the groups is that of the account itself. */
function numbersOf(which: '-u' | '-G', name: string): number[] {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const
    const numbers = execFileSync('id', [which, '--', name], { encoding: 'utf8', stdio: [...stdio] })
    return numbers.trim().split(' ').map(Number)
  } catch {
    throw usageError(`this machine has no account ${name}`)
  }
}
