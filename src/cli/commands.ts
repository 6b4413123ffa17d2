/**
 * The subcommands of `torhaus`. A new one is a row here and a file beside this one that exports `command`. Each is
 * loaded when it is asked for: the supervisor needs nothing of the proxy.
 */
import { setFlagsFromString } from 'node:v8'
import type { Command } from './command.ts'

export interface CommandRow {
  /** One word or more. */
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<{ readonly command: Command }>
}

export const commands: readonly CommandRow[] = [
  {
    name: 'start',
    summary: 'runs Torhaus until a signal stops it',
    load() {
      compileLittle()
      return import('./start.ts')
    },
  },
  {
    name: 'stop',
    summary: 'stops a running Torhaus without a signal, and waits until it has stopped',
    load: () => import('./stop.ts'),
  },
  {
    name: 'reload',
    summary: 'makes a running Torhaus reload its configuration, and reports the outcome',
    load: () => import('./reload.ts'),
  },
  {
    name: 'check',
    summary: 'reports all problems of a configuration, with line and path',
    load: () => import('./check-config.ts'),
  },
  {
    name: 'doctor',
    summary: 'checks everything around Torhaus, and says what will not work, why, and what to do',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'explain',
    summary: 'names the rule that decides a request, and why the rules above it do not',
    load: () => import('./explain-rules.ts'),
  },
  {
    name: 'sessions list',
    summary: 'lists who is signed in, and which programs people have confirmed',
    load: () => import('./list-sessions.ts'),
  },
  {
    name: 'sessions end',
    summary: 'ends all sessions and confirmations of a person',
    load: () => import('./end-sessions.ts'),
  },
  {
    name: 'op-check',
    summary: 'checks what a sign-in needs from an OpenID Provider, and names the option to change',
    load: () => import('./op-check.ts'),
  },
  { name: 'version', summary: 'prints the versions of Torhaus and Node', load: () => import('./version.ts') },
]

/**
 * The supervisor runs for years and computes nothing: without V8's optimizing compilers 6 MB of them are never read into
 * memory. Flags of V8 may be set before there is code that they are about; workers have their own.
 */
function compileLittle(): void {
  for (const compiler of ['opt', 'maglev']) setFlagsFromString(`--no-${compiler}`)
}
