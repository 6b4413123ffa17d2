/** Clients that can send a Kerberos ticket. A ticket is one factor; a rule may accept it without a second one. */
import { type Client, inFile, refused, works } from './client.ts'

const WHOAMI = '$URL/whoami'
const ACCOUNT = ['"account":"alice@CORP.TEST"']

const CURL = `curl -sS --fail-with-body --negotiate -u : ${WHOAMI}`
const curl = { name: 'curl', version: { file: 'curl', args: ['--version'] } }

const GIT = 'git -c http.emptyAuth=true ls-remote $URL/git/demo.git'
const git = { name: 'git', version: { file: 'git', args: ['--version'] } }

const program = `import java.net.*;
public class Ask {
  public static void main(String[] args) throws Exception {
    var connection = new URL(System.getenv("URL") + "/whoami").openConnection();
    System.out.println(new String(connection.getInputStream().readAllBytes()));
  }
}
`
const JAVA = 'java -Djavax.security.auth.useSubjectCredsOnly=false'
const java = {
  name: 'HttpURLConnection (JDK)',
  version: { file: 'java', args: ['-version'] },
  command: (how: string) => inFile('Ask.java', program, how.replace(/ Ask\.java$/, '')),
}

export const ticketClients: readonly Client[] = [
  {
    ...{ ...curl, site: 'kerberos' },
    cases: [refused('ticket', CURL, ['"code":"second-factor-missing"', '"confirmUrl":"$URL/.torhaus/confirm/..."'])],
  },
  {
    ...{ ...curl, site: 'kerberos-first-factor' },
    cases: [works('ticket, if a rule requires no second factor', CURL, ACCOUNT)],
  },
  {
    ...{ ...git, site: 'kerberos' },
    cases: [
      refused('ticket', GIT, [
        'remote: Torhaus: A sign-in with a second factor is needed.',
        'remote:     $URL/.torhaus/confirm/...',
      ]),
    ],
  },
  {
    ...{ ...git, site: 'kerberos-first-factor' },
    cases: [works('ticket, if a rule requires no second factor', GIT, ['refs/heads/main'])],
  },
  {
    ...{ ...java, site: 'kerberos' },
    cases: [
      refused('ticket', `${JAVA} Ask.java`, [
        'java.io.IOException: Server returned HTTP response code: 403 for URL: $URL/...',
      ]),
    ],
  },
  {
    ...{ ...java, site: 'kerberos-first-factor' },
    cases: [works('ticket, if a rule requires no second factor', `${JAVA} Ask.java`, ACCOUNT)],
  },
]
