/** git and git-lfs, from a clone to a lock. */
import { type Client, refused, works } from './client.ts'
import { gitOfTrixie } from './git-of-trixie.ts'

const CLONE = 'git clone -q'
const REMOTE = '$URL/DefaultCollection/_git/demo'
const CLONED = '&& cat copy/README.md'
const README = ['# Demo']
const PAT_URL = '"http://any:$PAT@$REPOSITORY"'
const TOKEN_URL = '"http://OAUTH_USER:$TOKEN@$REPOSITORY"'
const EXTRA = '-c http.extraHeader="AUTHORIZATION:'

/** What a person reads of git to whom a link is shown. */
const CONFIRM = [
  'remote: Torhaus: A sign-in with a second factor is needed.',
  'remote: Open this in any browser, and confirm:',
  'remote:     $URL/.torhaus/confirm/...',
  'The requested URL returned error: 403',
]

/** As people have one, which remembers what they typed. */
const helper = (user: string, password: string) =>
  `-c credential.helper='!printf "username=${user}\\npassword=${password}\\n" #'`

const push = (name: string, url: string) =>
  [
    `${CLONE} ${url} copy`,
    `git -C copy -c user.name=Ada -c user.email=ada@example.com commit -q --allow-empty -m ${name}`,
    `git -C copy push -q origin HEAD:refs/heads/${name}`,
    `git ls-remote ${url}`,
  ].join(' && ')

/** `branch`: what those begin with that are pushed; both gits have the same server. */
const gitCases = (branch: string) => [
  works('personal access token', `${CLONE} ${PAT_URL} copy ${CLONED}`, README),
  works('personal access token', push(`${branch}-pat`, PAT_URL), [`refs/heads/${branch}-pat`]),
  works('personal access token', `git -c http.emptyAuth=true clone -q ${PAT_URL} copy ${CLONED}`, README),
  works(
    'personal access token',
    `git ${EXTRA} basic $(printf ':%s' "$PAT" | base64 -w0)" clone -q ${REMOTE} copy ${CLONED}`,
    README,
  ),
  works('personal access token', `git ${helper('any', '$PAT')} clone -q ${REMOTE} copy ${CLONED}`, README),
  works('access token of the OP', `${CLONE} ${TOKEN_URL} copy ${CLONED}`, README),
  works('access token of the OP', push(`${branch}-token`, TOKEN_URL), [`refs/heads/${branch}-token`]),
  works('access token of the OP', `git ${EXTRA} bearer $TOKEN" clone -q ${REMOTE} copy ${CLONED}`, README),
  works('token of the server', `git ${EXTRA} bearer $SERVER_TOKEN" clone -q ${REMOTE} copy ${CLONED}`, README),
  works('session cookie', `git -c http.extraHeader="Cookie: $COOKIE" clone -q ${REMOTE} copy ${CLONED}`, README),
  refused('nothing', `${CLONE} ${REMOTE}`, ["fatal: could not read Username for '$URL': terminal prompts disabled"]),
  refused('wrong personal access token', `${CLONE} "http://any:$WRONG_PAT@$REPOSITORY"`, [
    'remote: TF400813: The user is not authorized to access this resource.',
    'fatal: Authentication failed for',
  ]),
  refused('access token without second factor', `${CLONE} "http://any:$ONE_FACTOR_TOKEN@$REPOSITORY"`, CONFIRM),
  refused('expired access token', `${CLONE} "http://any:$EXPIRED_TOKEN@$REPOSITORY"`, [
    'remote: Torhaus: The access token has expired.',
    'remote: (bearer-expired, request ...)',
  ]),
  refused('directory password', `git ${helper('$USER_NAME', '$PASSWORD')} clone -q ${REMOTE}`, [
    'remote: Torhaus: A directory password is not accepted here.',
  ]),
]

/** git 2.46 and later: the helper names the scheme (gitcredentials(7), `authtype`). */
const bearerHelper = (token: string) =>
  `-c credential.helper='!printf "capability[]=authtype\\nauthtype=Bearer\\ncredential=${token}\\n" #'`

const git: Client = {
  name: 'git (Debian 12)',
  version: { file: 'git', args: ['--version'] },
  cases: gitCases('by'),
}

const newerGit: Client = {
  name: 'git (Debian 13)',
  bring: gitOfTrixie,
  version: { file: 'git', args: ['--version'] },
  cases: [
    ...gitCases('newer-by'),
    works('access token of the OP', `git ${bearerHelper('$TOKEN')} clone -q ${REMOTE} copy ${CLONED}`, README),
    refused(
      'access token without second factor',
      `git ${bearerHelper('$ONE_FACTOR_TOKEN')} clone -q ${REMOTE}`,
      CONFIRM,
    ),
  ],
}

const IDENTITY = 'git config --global user.name Ada && git config --global user.email ada@example.com'

/** 5 MiB out and in again, and a lock. */
const object = (name: string, url: string) =>
  [
    `git lfs install --skip-repo && ${IDENTITY}`,
    `${CLONE} ${url} copy && cd copy`,
    'git lfs track "*.bin" && head -c 5242880 /dev/urandom > object.bin',
    `git add . && git commit -q -m ${name} && git push -q origin HEAD:refs/heads/${name}`,
    `cd .. && ${CLONE} --branch ${name} ${url} other`,
    'cmp copy/object.bin other/object.bin && du -b other/object.bin',
  ].join(' && ')

const lock = (name: string, url: string) =>
  [
    `git lfs install --skip-repo && ${CLONE} ${url} copy && cd copy`,
    `git lfs lock ${name} && git lfs locks && git lfs unlock --force ${name}`,
  ].join(' && ')

const lfs: Client = {
  name: 'git-lfs',
  version: { file: 'git', args: ['lfs', 'version'] },
  cases: [
    works('personal access token', object('lfs-pat', PAT_URL), ['5242880\tother/object.bin']),
    // Git LFS sends what is configured beside what the server told it to send: the same, twice.
    works(
      'personal access token',
      `git config --global http.extraHeader "AUTHORIZATION: basic $(printf ':%s' "$PAT" | base64 -w0)" && ${object('lfs-header', REMOTE)}`,
      ['5242880\tother/object.bin'],
    ),
    // No SSH answers there: with the address for LFS, git-lfs does not ask for one.
    works(
      'personal access token',
      `${object('lfs-ssh', PAT_URL)} && cd other && git remote set-url origin ssh://git@127.0.0.1:1/demo && git config lfs.url "http://any:$PAT@$REPOSITORY/info/lfs" && rm -r .git/lfs/objects && git lfs fetch && du -b $(find .git/lfs/objects -type f)`,
      ['5242880\t.git/lfs/objects/...'],
    ),
    works('personal access token', lock('pat.bin', PAT_URL), ['Locked pat.bin', 'pat.bin\tada', 'Unlocked pat.bin']),
    works('access token of the OP', object('lfs-token', TOKEN_URL), ['5242880\tother/object.bin']),
    works('access token of the OP', lock('token.bin', TOKEN_URL), [
      'Locked token.bin',
      'token.bin\tada',
      'Unlocked token.bin',
    ]),
    works(
      'token of the server',
      `git lfs install --skip-repo && git config --global http.extraHeader "AUTHORIZATION: bearer $SERVER_TOKEN" && ${CLONE} ${REMOTE} copy && cd copy && git lfs lock job.bin && git lfs locks`,
      ['Locked job.bin', 'job.bin\tbuild'],
    ),
    refused(
      'access token without second factor',
      `git lfs install --skip-repo && ${CLONE} ${PAT_URL} copy && cd copy && git remote set-url origin "http://any:$ONE_FACTOR_TOKEN@$REPOSITORY" && git lfs lock one.bin`,
      [
        'A sign-in with a second factor is needed. Open $URL/.torhaus/confirm/... to confirm, then run the command again.',
      ],
    ),
    refused(
      'nothing',
      `git lfs install --skip-repo && ${CLONE} ${PAT_URL} copy && cd copy && git remote set-url origin ${REMOTE} && git lfs lock none.bin`,
      ['Git credentials for $URL/DefaultCollection/_git/demo not found'],
    ),
  ],
}

/** GitLab has clients fetch and send each object with a token of its own. */
const lfsOfGitLab: Client = {
  ...{ name: 'git-lfs (GitLab)', site: 'gitlab' },
  version: lfs.version,
  cases: [works('personal access token', object('lfs-gitlab', PAT_URL), ['5242880\tother/object.bin'])],
}

export const gitClients: readonly Client[] = [git, newerGit, lfs, lfsOfGitLab]
