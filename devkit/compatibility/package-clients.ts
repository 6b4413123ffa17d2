/** Programs that fetch and publish packages. */
import { join } from 'node:path'
import { type Client, refused, works } from './client.ts'

const FEED = '$URL/DefaultCollection/_packaging/feed'

/** As companies have them: one mirror for everything. */
const settings = (servers: string) => `<settings>
  <servers>${servers}</servers>
  <mirrors><mirror>
    <id>torhaus</id><mirrorOf>*</mirrorOf><url>\${env.URL}/DefaultCollection/_packaging/feed/maven/v1</url>
  </mirror></mirrors>
</settings>
`
// biome-ignore lint/suspicious/noTemplateCurlyInString: Maven's own syntax
const server = '<server><id>torhaus</id><username>any</username><password>${env.MAVEN_PASSWORD}</password></server>'
const pom = `<project>
  <modelVersion>4.0.0</modelVersion>
  <parent><groupId>com.example</groupId><artifactId>parent</artifactId><version>1</version><relativePath/></parent>
  <artifactId>child</artifactId>
  <packaging>pom</packaging>
</project>
`
const MVN = 'mvn -B -Dmaven.repo.local=repository'
const maven: Client = {
  name: 'Maven',
  version: { file: 'mvn', args: ['--version'] },
  files: { 'settings.xml': settings(server), 'anonymous.xml': settings(''), 'pom.xml': pom },
  cases: [
    works('personal access token', `MAVEN_PASSWORD="$PAT" ${MVN} -s settings.xml validate`, ['BUILD SUCCESS']),
    works('access token of the OP', `MAVEN_PASSWORD="$TOKEN" ${MVN} -s settings.xml validate`, ['BUILD SUCCESS']),
    refused('nothing', `${MVN} -s anonymous.xml validate`, [
      'authentication failed for $URL/..., status: 401 Unauthorized',
    ]),
    refused('wrong personal access token', `MAVEN_PASSWORD="$WRONG_PAT" ${MVN} -s settings.xml validate`, [
      'authentication failed for $URL/..., status: 401 Unauthorized',
    ]),
    refused(
      'access token without second factor',
      `MAVEN_PASSWORD="$ONE_FACTOR_TOKEN" ${MVN} -s settings.xml validate`,
      ['authorization failed for $URL/..., status: 403 Forbidden'],
    ),
  ],
}

/** Its home must be named: it takes that of the account, not of the environment. */
const build = `repositories {
  maven {
    url System.getenv('URL') + '/DefaultCollection/_packaging/feed/maven/v1'
    if (System.getenv('GRADLE_PASSWORD')) credentials { username 'any'; password System.getenv('GRADLE_PASSWORD') }
  }
}
configurations { tried }
dependencies { tried 'com.example:parent:1@pom' }
task resolve { doLast { configurations.tried.each { println it.name } } }
`
const GRADLE = 'gradle --no-daemon -q -g home resolve'
const gradle: Client = {
  name: 'Gradle',
  version: { file: 'gradle', args: ['--version'] },
  files: { 'build.gradle': build },
  cases: [
    works('personal access token', `GRADLE_PASSWORD="$PAT" ${GRADLE}`, ['parent-1.pom']),
    works('access token of the OP', `GRADLE_PASSWORD="$TOKEN" ${GRADLE}`, ['parent-1.pom']),
    refused('nothing', GRADLE, ["Could not GET '$URL/...'. Received status code 401 from server: Unauthorized"]),
    refused('wrong personal access token', `GRADLE_PASSWORD="$WRONG_PAT" ${GRADLE}`, [
      "Could not GET '$URL/...'. Received status code 401 from server: Unauthorized",
    ]),
    refused('access token without second factor', `GRADLE_PASSWORD="$ONE_FACTOR_TOKEN" ${GRADLE}`, [
      "Could not GET '$URL/...'. Received status code 403 from server: Forbidden",
    ]),
  ],
}

const REGISTRY = '//$HOST/DefaultCollection/_packaging/feed/npm/registry/'
const publishAndInstall = (name: string, ...config: string[]) =>
  [
    ...config.map(line => `npm config set ${line}`),
    `mkdir ${name} && cd ${name} && npm init -y > /dev/null && npm publish && npm whoami`,
    `mkdir ../consumer && cd ../consumer && npm install ${name} && ls node_modules`,
  ].join(' && ')
const npm: Client = {
  name: 'npm',
  version: { file: 'npm', args: ['--version'] },
  files: {
    '.npmrc': [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: npm's own syntax
      'registry=${URL}/DefaultCollection/_packaging/feed/npm/registry/',
      ...['update-notifier=false', 'fetch-retries=0', 'audit=false', 'fund=false', ''],
    ].join('\n'),
  },
  cases: [
    works('personal access token', publishAndInstall('by-pat', `"${REGISTRY}:_authToken=$PAT"`), [
      ...['+ by-pat@1.0.0', 'ada', 'added 1 package'],
    ]),
    works(
      'personal access token',
      publishAndInstall(
        'by-password',
        `"${REGISTRY}:username=any"`,
        `"${REGISTRY}:_password=$(printf %s "$PAT" | base64 -w0)"`,
        `"${REGISTRY}:email=any"`,
      ),
      ['+ by-password@1.0.0', 'added 1 package'],
    ),
    works('access token of the OP', publishAndInstall('by-token', `"${REGISTRY}:_authToken=$TOKEN"`), [
      ...['+ by-token@1.0.0', 'added 1 package'],
    ]),
    refused('nothing', 'npm view by-pat', ['npm error code E401', 'npm notice Sign in, or send a token.']),
    refused('wrong personal access token', `npm config set "${REGISTRY}:_authToken=$WRONG_PAT" && npm view by-pat`, [
      'npm error code E401',
      'npm error Unable to authenticate, your authentication token seems to be invalid.',
    ]),
    refused('expired access token', `npm config set "${REGISTRY}:_authToken=$EXPIRED_TOKEN" && npm view by-pat`, [
      'npm error code E401',
      'npm notice The access token has expired.',
    ]),
    refused(
      'access token without second factor',
      `npm config set "${REGISTRY}:_authToken=$ONE_FACTOR_TOKEN" && npm view by-pat`,
      ['E403', 'Open $URL/.torhaus/confirm/... in a browser to confirm, then try again.'],
    ),
  ],
}

const NUGET = `${process.execPath} ${join(import.meta.dirname, 'nuget.ts')}`
const pushAndInstall = (name: string) =>
  `nuget push ${name} ${FEED}/nuget/v3/index.json && nuget install ${name} ${FEED}/nuget/v3/index.json`
const nuget: Client = {
  name: 'NuGet (a script that follows its documented protocol)',
  version: { file: process.execPath, args: ['--version'] },
  command: how => ({ file: 'sh', args: ['-c', `nuget() { ${NUGET} "$@"; }; ${how}`] }),
  cases: [
    works('personal access token', `export NUGET_USERNAME=any NUGET_PASSWORD="$PAT"; ${pushAndInstall('by-pat')}`, [
      ...['Your package was pushed.', 'Installed by-pat 1.0.0: package by-pat'],
    ]),
    works(
      'access token of the OP',
      `export NUGET_USERNAME=any NUGET_PASSWORD="$TOKEN"; ${pushAndInstall('by-token')}`,
      [...['Your package was pushed.', 'Installed by-token 1.0.0: package by-token']],
    ),
    refused('nothing', `nuget install by-pat ${FEED}/nuget/v3/index.json`, [
      'error: Response status code does not indicate success: 401 (Unauthorized).',
    ]),
    refused(
      'wrong personal access token',
      `NUGET_USERNAME=any NUGET_PASSWORD="$WRONG_PAT" nuget install by-pat ${FEED}/nuget/v3/index.json`,
      ['error: Response status code does not indicate success: 401 (Unauthorized).'],
    ),
    refused(
      'access token without second factor',
      `NUGET_USERNAME=any NUGET_PASSWORD="$ONE_FACTOR_TOKEN" nuget install by-pat ${FEED}/nuget/v3/index.json`,
      [
        'warn : A sign-in with a second factor is needed. Open $URL/.torhaus/confirm/... in a browser to confirm, then try again.',
        'error: Response status code does not indicate success: 403 (Forbidden).',
      ],
    ),
  ],
}

/** What it is given as the token is the whole value of Authorization. */
const yankAs = (token: string) =>
  `CARGO_REGISTRIES_CORP_INDEX="sparse+${FEED}/Cargo/index/" CARGO_REGISTRIES_CORP_TOKEN="${token}" cargo yank --registry corp demo@1.0.0`

const cargo: Client = {
  name: 'cargo',
  version: { file: 'cargo', args: ['--version'] },
  files: { '.cargo/config.toml': '[registry]\nglobal-credential-providers = ["cargo:token"]\n' },
  cases: [
    works('personal access token', yankAs('Basic $(printf "any:$PAT" | base64 -w0)'), ['Yank demo@1.0.0']),
    works('personal access token', yankAs('Bearer $PAT'), ['Yank demo@1.0.0']),
    works('access token of the OP', yankAs('Bearer $TOKEN'), ['Yank demo@1.0.0']),
    refused('personal access token', yankAs('$PAT'), [
      'token rejected for `corp`',
      '"title":"This authentication scheme is not accepted here. Send Bearer and a token, or Basic."',
    ]),
    refused('expired access token', yankAs('Bearer $EXPIRED_TOKEN'), [
      'token rejected for `corp`',
      '"title":"The access token has expired."',
    ]),
    refused('access token without second factor', yankAs('Bearer $ONE_FACTOR_TOKEN'), [
      'got 403',
      '"confirmUrl":"$URL/.torhaus/confirm/..."',
    ]),
  ],
}

export const packageClients: readonly Client[] = [maven, gradle, npm, nuget, cargo]
