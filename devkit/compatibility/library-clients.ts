/** Libraries of npm that speak the API of a product. */
import { type Client, type Command, refused, works } from './client.ts'

/** The lines of a program, with what this project has of npm. */
const node = (lines: string): Command => ({
  file: process.execPath,
  args: [
    '--input-type=module',
    '--eval',
    `import { createRequire } from 'node:module'
const require = createRequire(${JSON.stringify(import.meta.url)})
const { env } = process
${lines}`,
  ],
})
const versionOf = (name: string) =>
  node(`import { readFileSync } from 'node:fs'
const [root] = require.resolve('${name}').split('/${name}/')
console.log('${name}', JSON.parse(readFileSync(root + '/${name}/package.json', 'utf8')).version)`)

const azureDevOps: Client = {
  name: 'azure-devops-node-api',
  version: versionOf('azure-devops-node-api'),
  command: how =>
    node(`const { WebApi, getPersonalAccessTokenHandler, getBearerHandler } = require('azure-devops-node-api')
const url = env.URL + '/DefaultCollection'
const api = ${how}
console.log((await api.connect()).authenticatedUser.providerDisplayName)
console.log((await (await api.getCoreApi()).getProjects()).map(project => project.name).join())`),
  cases: [
    works('personal access token', 'new WebApi(url, getPersonalAccessTokenHandler(env.PAT))', ['ada\ndemo\n']),
    works('access token of the OP', 'new WebApi(url, getBearerHandler(env.TOKEN))', ['ada\ndemo\n']),
    refused('nothing', 'new WebApi(url, getBearerHandler(""))', ['statusCode: 401']),
    refused('expired access token', 'new WebApi(url, getBearerHandler(env.EXPIRED_TOKEN))', ['statusCode: 401']),
    refused('access token without second factor', 'new WebApi(url, getBearerHandler(env.ONE_FACTOR_TOKEN))', [
      'A sign-in with a second factor is needed.',
    ]),
  ],
}

const gitea: Client = {
  ...{ name: 'gitea-js', site: 'gitea' },
  version: versionOf('gitea-js'),
  command: how =>
    node(`const { giteaApi } = require('gitea-js')
const url = env.URL
const api = ${how}
const { data } = await api.user.userGetCurrent().catch(answer => { console.error(answer.status, answer.error); process.exit(1) })
console.log(data.login)
console.log((await api.user.userCurrentListRepos()).data.map(repository => repository.full_name).join())`),
  cases: [
    works('personal access token', 'giteaApi(url, { token: env.PAT })', ['ada\nada/demo\n']),
    works('access token of the OP', 'giteaApi(url, { token: env.TOKEN })', ['ada\nada/demo\n']),
    refused('nothing', 'giteaApi(url, {})', ['401', 'credentials-missing']),
    refused('access token without second factor', 'giteaApi(url, { token: env.ONE_FACTOR_TOKEN })', [
      ...['403', 'second-factor-missing', '$URL/.torhaus/confirm/...'],
    ]),
  ],
}

const gitlab: Client = {
  ...{ name: '@gitbeaker/rest (GitLab)', site: 'gitlab' },
  version: versionOf('@gitbeaker/rest'),
  command: how =>
    node(`const { Gitlab } = require('@gitbeaker/rest')
const host = env.URL
const api = ${how}
console.log((await api.Users.showCurrentUser()).username)
console.log((await api.Projects.all()).map(project => project.path_with_namespace).join())`),
  cases: [
    works('personal access token', 'new Gitlab({ host, token: env.PAT })', ['ada\nada/demo\n']),
    works('access token of the OP', 'new Gitlab({ host, oauthToken: env.TOKEN })', ['ada\nada/demo\n']),
    refused('nothing', 'new Gitlab({ host, token: "" })', ['GitbeakerRequestError: ...', '"code":"token-unknown"']),
    refused('access token without second factor', 'new Gitlab({ host, oauthToken: env.ONE_FACTOR_TOKEN })', [
      ...['GitbeakerRequestError: ...', '"code":"second-factor-missing"', '"confirmUrl":"$URL/.torhaus/confirm/..."'],
    ]),
  ],
}

export const libraryClients: readonly Client[] = [azureDevOps, gitea, gitlab]
