/** Programs and libraries that speak HTTP for whoever writes a script. */
import { type Client, type Command, inFile, refused, works } from './client.ts'

const WHOAMI = '$URL/DefaultCollection/_apis/whoami'
/** What the server answers, under the account and by the way that the credentials say. */
const as = (authentication: string) => [`"account":"ada","authentication":"${authentication}"`]
const ASSERTED = as('assertion')
const OF_SERVER = ['"account":"build","authentication":"server-token"']
/** The server's own words. */
const NOT_AUTHORIZED = 'TF400813: The user is not authorized to access this resource.'
const EXPIRED = '"code":"bearer-expired"'
const MISSING = '"code":"credentials-missing","requestId":"..."'
const ONE_FACTOR = ['"code":"second-factor-missing"', '"confirmUrl":"$URL/.torhaus/confirm/..."']

const CURL = 'curl -sS --fail-with-body'
const curl: Client = {
  name: 'curl',
  version: { file: 'curl', args: ['--version'] },
  cases: [
    works('personal access token', `${CURL} -u ":$PAT" ${WHOAMI}`, as('pat')),
    works('access token of the OP', `${CURL} -H "Authorization: Bearer $TOKEN" ${WHOAMI}`, ASSERTED),
    works('access token of the OP', `${CURL} -H "authorization: bearer $TOKEN" ${WHOAMI}`, ASSERTED),
    works('access token of the OP', `${CURL} --oauth2-bearer "$TOKEN" ${WHOAMI}`, ASSERTED),
    works('access token of the OP', `${CURL} -u "any:$TOKEN" ${WHOAMI}`, ASSERTED),
    works('token of the server', `${CURL} --oauth2-bearer "$SERVER_TOKEN" ${WHOAMI}`, OF_SERVER),
    works('personal access token', `${CURL} --anyauth -u "any:$PAT" ${WHOAMI}`, as('pat')),
    works(
      'personal access token',
      `echo "machine 127.0.0.1 login any password $PAT" > .netrc && ${CURL} --netrc ${WHOAMI}`,
      as('pat'),
    ),
    // Refused at first, before the content is asked for.
    works(
      'personal access token',
      `head -c 20000000 /dev/zero > file && ${CURL} --anyauth -u "any:$PAT" -T file $URL/DefaultCollection/_apis/upload`,
      ['"bytes":20000000'],
    ),
    works('session cookie', `${CURL} -b "$COOKIE" ${WHOAMI}`, ASSERTED),
    refused('nothing', `${CURL} -i ${WHOAMI}`, [
      'HTTP/1.1 401 Unauthorized',
      'WWW-Authenticate: Bearer realm="$URL"',
      'WWW-Authenticate: Basic realm="$URL"',
      MISSING,
    ]),
    refused('wrong personal access token', `${CURL} -u ":$WRONG_PAT" ${WHOAMI}`, [
      'TF400813: The user is not authorized to access this resource.',
      'curl: (22) The requested URL returned error: 401',
    ]),
    refused('access token without second factor', `${CURL} --oauth2-bearer "$ONE_FACTOR_TOKEN" ${WHOAMI}`, ONE_FACTOR),
    refused('expired access token', `${CURL} --oauth2-bearer "$EXPIRED_TOKEN" ${WHOAMI}`, ['"code":"bearer-expired"']),
    refused('directory password by NTLM', `${CURL} --ntlm -u "$USER_NAME:$PASSWORD" ${WHOAMI}`, [
      '"code":"ntlm-unsupported"',
    ]),
    refused('directory password', `${CURL} -u "$USER_NAME:$PASSWORD" ${WHOAMI}`, ['"code":"password-unavailable"']),
  ],
}

const WGET = 'wget -nv -O-'
const wget: Client = {
  name: 'wget',
  version: { file: 'wget', args: ['--version'] },
  cases: [
    works('personal access token', `${WGET} --user=any --password="$PAT" ${WHOAMI}`, as('pat')),
    works('personal access token', `${WGET} --auth-no-challenge --user=any --password="$PAT" ${WHOAMI}`, as('pat')),
    works('access token of the OP', `${WGET} --header="Authorization: Bearer $TOKEN" ${WHOAMI}`, ASSERTED),
    works('token of the server', `${WGET} --header="Authorization: Bearer $SERVER_TOKEN" ${WHOAMI}`, OF_SERVER),
    works('session cookie', `${WGET} --header="Cookie: $COOKIE" ${WHOAMI}`, ASSERTED),
    refused('expired access token', `${WGET} --header="Authorization: Bearer $EXPIRED_TOKEN" ${WHOAMI}`, [
      'Username/Password Authentication Failed.',
    ]),
    refused('nothing', `${WGET} ${WHOAMI}`, ['Username/Password Authentication Failed.']),
    refused(
      'access token without second factor',
      `${WGET} --content-on-error --header="Authorization: Bearer $ONE_FACTOR_TOKEN" ${WHOAMI}`,
      ['ERROR 403: Forbidden.', ...ONE_FACTOR],
    ),
  ],
}

const python = (how: string): Command => ({
  file: '/usr/bin/python3',
  args: [
    '-c',
    `import os, requests
from os import environ as env
url = env['URL'] + '/DefaultCollection/_apis/whoami'
answer = ${how}
print(answer.text)
answer.raise_for_status()`,
  ],
})
const requests: Client = {
  name: 'requests (Python)',
  version: { file: '/usr/bin/python3', args: ['-c', 'import requests; print(requests.__version__)'] },
  command: python,
  cases: [
    works('personal access token', "requests.get(url, auth=('', env['PAT']))", as('pat')),
    works('access token of the OP', "requests.get(url, headers={'Authorization': 'Bearer ' + env['TOKEN']})", ASSERTED),
    works(
      'access token of the OP',
      "requests.post(url.replace('whoami', 'upload'), data=b'x' * 20000000, auth=('', env['TOKEN']))",
      ['"bytes":20000000'],
    ),
    works(
      'token of the server',
      "requests.get(url, headers={'Authorization': 'Bearer ' + env['SERVER_TOKEN']})",
      OF_SERVER,
    ),
    works('session cookie', "requests.get(url, headers={'Cookie': env['COOKIE']})", ASSERTED),
    refused('wrong personal access token', "requests.get(url, auth=('', env['WRONG_PAT']))", [NOT_AUTHORIZED]),
    refused('expired access token', "requests.get(url, headers={'Authorization': 'Bearer ' + env['EXPIRED_TOKEN']})", [
      EXPIRED,
    ]),
    refused('nothing', 'requests.get(url)', ['HTTPError: 401 Client Error: Unauthorized for url: $URL/...', MISSING]),
    refused(
      'access token without second factor',
      "requests.get(url, headers={'Authorization': 'Bearer ' + env['ONE_FACTOR_TOKEN']})",
      ['HTTPError: 403 Client Error: Forbidden for url: $URL/...', ...ONE_FACTOR],
    ),
  ],
}

const goProgram = (how: string) => `package main

import ("fmt"; "io"; "net/http"; "os")

func main() {
	request, _ := http.NewRequest("GET", os.Getenv("URL")+"/DefaultCollection/_apis/whoami", nil)
	${how}
	response, err := http.DefaultClient.Do(request)
	if err != nil { fmt.Println(err); os.Exit(1) }
	text, _ := io.ReadAll(response.Body)
	fmt.Println(response.Status, string(text))
	if response.StatusCode != 200 { os.Exit(1) }
}
`
const goBearer = (token: string) => `request.Header.Set("Authorization", "Bearer "+os.Getenv("${token}"))`
const go: Client = {
  name: 'net/http (Go)',
  version: { file: 'go', args: ['version'] },
  command: how => inFile('ask.go', goProgram(how), 'go run'),
  cases: [
    works('personal access token', 'request.SetBasicAuth("", os.Getenv("PAT"))', as('pat')),
    works('access token of the OP', goBearer('TOKEN'), ASSERTED),
    works('token of the server', goBearer('SERVER_TOKEN'), OF_SERVER),
    works('session cookie', 'request.Header.Set("Cookie", os.Getenv("COOKIE"))', ASSERTED),
    refused('wrong personal access token', 'request.SetBasicAuth("", os.Getenv("WRONG_PAT"))', ['401', NOT_AUTHORIZED]),
    refused('expired access token', goBearer('EXPIRED_TOKEN'), ['401', EXPIRED]),
    refused('nothing', '', ['401 Unauthorized', MISSING]),
    refused('access token without second factor', goBearer('ONE_FACTOR_TOKEN'), ['403 Forbidden', ...ONE_FACTOR]),
  ],
}

const javaProgram = (how: string) => `import java.net.*;
import java.net.http.*;
public class Ask {
  static class Token extends Authenticator {
    protected PasswordAuthentication getPasswordAuthentication() {
      return new PasswordAuthentication("any", System.getenv("PAT").toCharArray());
    }
  }
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newBuilder();
    var request = HttpRequest.newBuilder(URI.create(System.getenv("URL") + "/DefaultCollection/_apis/whoami"));
    ${how}
    var response = client.build().send(request.build(), HttpResponse.BodyHandlers.ofString());
    System.out.println(response.statusCode() + " " + response.body());
    System.exit(response.statusCode() == 200 ? 0 : 1);
  }
}
`
const clientBearer = (token: string) => `request.header("Authorization", "Bearer " + System.getenv("${token}"));`
const java: Client = {
  name: 'HttpClient (JDK)',
  version: { file: 'java', args: ['-version'] },
  command: how => inFile('Ask.java', javaProgram(how), 'java'),
  cases: [
    works('personal access token', 'client.authenticator(new Token());', as('pat')),
    works('access token of the OP', clientBearer('TOKEN'), ASSERTED),
    works('token of the server', clientBearer('SERVER_TOKEN'), OF_SERVER),
    works('session cookie', 'request.header("Cookie", System.getenv("COOKIE"));', ASSERTED),
    refused('nothing', '', ['401', MISSING]),
    refused('expired access token', clientBearer('EXPIRED_TOKEN'), ['401', EXPIRED]),
    refused('access token without second factor', clientBearer('ONE_FACTOR_TOKEN'), ['403', ...ONE_FACTOR]),
  ],
}

const javaConnection = (how: string) => `import java.net.*;
public class Ask {
  static class Token extends Authenticator {
    protected PasswordAuthentication getPasswordAuthentication() {
      return new PasswordAuthentication("any", System.getenv("PAT").toCharArray());
    }
  }
  public static void main(String[] args) throws Exception {
    var url = new URL(System.getenv("URL") + "/DefaultCollection/_apis/whoami");
    var connection = (HttpURLConnection) url.openConnection();
    ${how}
    System.out.println(new String(connection.getInputStream().readAllBytes()));
  }
}
`
const javaField = (name: string, value: string) => `connection.setRequestProperty("${name}", ${value});`
const javaBearer = (token: string) => javaField('Authorization', `"Bearer " + System.getenv("${token}")`)
const javaStatus = (status: number) => [
  `java.io.IOException: Server returned HTTP response code: ${status} for URL: $URL/...`,
]
const javaUrlConnection: Client = {
  name: 'HttpURLConnection (JDK; Team Explorer Everywhere, old Maven and Gradle)',
  version: { file: 'java', args: ['-version'] },
  command: how => inFile('Ask.java', javaConnection(how), 'java'),
  cases: [
    works('personal access token', 'connection.setAuthenticator(new Token());', as('pat')),
    works('access token of the OP', javaBearer('TOKEN'), ASSERTED),
    works('token of the server', javaBearer('SERVER_TOKEN'), OF_SERVER),
    works('session cookie', javaField('Cookie', 'System.getenv("COOKIE")'), ASSERTED),
    refused('nothing', '', javaStatus(401)),
    refused('expired access token', javaBearer('EXPIRED_TOKEN'), javaStatus(401)),
    refused('access token without second factor', javaBearer('ONE_FACTOR_TOKEN'), javaStatus(403)),
  ],
}

export const httpClients: readonly Client[] = [curl, wget, requests, go, java, javaUrlConnection]
