import { totp } from '../op/totp.ts'
import { withCredentials } from '../origin/git-client.ts'
import type { Demo } from './environment.ts'

const timeStepMs = 30_000

/** The current TOTP code, and for how long the OP takes it: through the next step as well (see `verifyTotp`). */
export function codeLine(totpSecret: string, nowMs: number): string {
  const leftS = Math.ceil((2 * timeStepMs - (nowMs % timeStepMs)) / 1000)
  return `${totp(totpSecret, nowMs)}  (for ${leftS} more seconds)`
}

/** What to open, what to type and what to paste. */
export function guide({ facts, bearerFile, logFile }: Demo, nowMs: number, interactive: boolean): string {
  const { proxy, ownPages, admin, user, password, totpSecret, pat, gitUrl, whoami } = facts
  return `
Torhaus is ready.

In a browser
  Open       ${proxy}/DefaultCollection/
  User name  ${user}
  Password   ${password}
  Code       ${codeLine(totpSecret, nowMs)}
             ${interactive ? 'Press Enter here for the current code, or' : 'For later codes'} give an authenticator app the secret
             ${totpSecret}${ownPages === undefined ? '' : `\n  Your page  ${ownPages}/.torhaus/  (sign-in and confirmation, too: a host of their own)`}

In a terminal, with a personal access token
  git clone ${withCredentials(gitUrl, user, pat)}
  curl -u :${pat} ${whoami}

In a terminal, with an access token of the OpenID Provider
  curl -H "Authorization: Bearer $(cat ${bearerFile})" ${whoami}
  git clone "http://${user}:$(cat ${bearerFile})@${new URL(gitUrl).host}${new URL(gitUrl).pathname}" demo-with-access-token

Refused, each as its client understands
  curl -i ${whoami}
  curl -i -u :wrong ${whoami}

Metrics  ${admin}/metrics
Log      ${logFile}

Ctrl-C stops everything and removes what it made.
`
}
