/**
 * How the programs of Torhaus end. No other code leaves a process: a test looks for others, and `npm run docs` writes
 * the table of docs/operations.md from this one.
 */
export const exitCode = { done: 0, failed: 1, usage: 2, nothingEnded: 3, config: 78, interrupted: 130 } as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** In Markdown, for operators. 78 is EX_CONFIG of sysexits(3); 130 is 128 and SIGINT, as shells write it. */
export const exitMeanings: Readonly<Record<keyof typeof exitCode, string>> = {
  done: 'done; `torhaus start`: stopped by a signal or its stop file, or that file was there already; `torhaus check`: the configuration is valid; `torhaus doctor`: no error was found',
  failed:
    'failed; one line on standard error says why. `torhaus start`: a port taken, a store that cannot be opened, a keytab that does not fit, a Node that is too old. `torhaus doctor`: an error was found. `torhaus op-check`: the OP was tried, and findings name what to change. `torhaus stop`: something still answers at the admin listener. `torhaus reload`: the configuration was not taken, or nobody listens. `torhaus sessions list` and `end`: the store, a key or the audit file cannot be opened. Load test, mission, chaos, roll-out test and attack: something was counted that must not be',
  usage: 'wrong arguments; standard error has the right ones',
  nothingEnded: '`torhaus sessions end`: nobody of that name was found, or nothing was open',
  config: 'the configuration has problems; all of them are on standard error, each with line and path',
  interrupted:
    'the load test, the mission, chaos, the roll-out test, the attack or `torhaus stop` was ended by a signal',
}
