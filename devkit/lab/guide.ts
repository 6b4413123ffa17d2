import { codeLine } from '../demo/guide.ts'
import type { Lab } from './environment.ts'

const ALONE = `Without a second factor: this lab is configured with a rule (secondFactor.rules) for negotiate and basic, so a ticket or a
directory password passes alone; sessions and access tokens of the OP carry a second factor (TOTP).`

const CONFIRMED = `The second factor: a ticket or a directory password alone gets 403 with a link. Open it in a browser, sign in with the code, confirm:
from then on that account passes from that address with that kind of program. Sessions and access tokens of the OP carry
a second factor already. \`npm run lab -- --first-factor\` lets tickets and passwords pass alone.`

/** What to paste and what to expect, for the person at the terminal. */
export function guide({ facts, firstFactorIsEnough, logFile }: Lab, nowMs: number): string {
  const { proxy, admin, resolve, krb5Config, realm, users, whoami, gitUrl, kdcCounter } = facts
  const { alice, bob } = users
  const port = new URL(proxy).port
  return `
The lab is ready: ${proxy} in front of Apache, with the directory ${realm}.

Sign in to the directory (in a terminal of its own: the variables are for all that follows)
  export KRB5_CONFIG=${krb5Config} KRB5CCNAME=FILE:/tmp/torhaus-lab-\${USER:-me}.ccache
  kinit alice                   (password ${alice.password}; bob has ${bob.password})

With the ticket
  curl --negotiate -u : --resolve ${resolve} ${whoami}
  git -c http.emptyAuth=true -c http.curloptResolve=${resolve} clone ${gitUrl}

With a directory password; with an access token of the OpenID Provider
  curl -u bob:${bob.password} --resolve ${resolve} ${whoami}
  curl -H "Authorization: Bearer ${alice.bearer}" --resolve ${resolve} ${whoami}

In a browser, by password and code
  chromium --host-resolver-rules="MAP proxy.corp.test 127.0.0.1" ${proxy}/.torhaus/sign-in?return_to=/whoami
  User name  alice
  Password   ${alice.password}
  Code       ${codeLine(alice.totpSecret, nowMs)}
             For later codes give an authenticator app the secret ${alice.totpSecret}
In a browser, by ticket: add --auth-server-allowlist="*.corp.test" and open ${whoami}
  (a new profile answers the first challenge only after it has met one)

${firstFactorIsEnough ? ALONE : CONFIRMED}
Negotiate is offered to every client. A git that is to use a personal access token wants an offerRule without Negotiate.

KDC requests so far  curl ${kdcCounter}
Metrics              ${admin}/metrics
Log                  ${logFile}
Ports                PORT=${port} ADMIN_PORT=${new URL(admin).port}

Ctrl-C stops everything and removes what it made.
`
}
