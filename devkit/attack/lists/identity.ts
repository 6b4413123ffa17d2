/**
 * Fields in which a server behind a proxy might believe who somebody is: none of them arrives as the client wrote it.
 */
import { patField } from '../../torhaus/proxy-under-test.ts'
import { type Attack, request } from '../attack.ts'

const BELIEVED = [
  ...['X-Remote-Account', 'X-Remote-User', 'Remote-User', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-WebAuth-User'],
  ...['X-Forwarded-Groups', 'X-Forwarded-Preferred-Username', 'X-Auth-Request-User', 'X-IIS-WindowsAuthToken'],
  ...['X-iisnode-AUTH_USER', 'X-TFS-Impersonate', 'X-TFS-SubjectDescriptorImpersonate', 'X-MS-Client-Principal-Name'],
  ...['X-Torhaus-Assertion', 'X-Real-IP', 'True-Client-IP', 'Client-IP', 'X-Original-URL', 'X-Rewrite-URL'],
  ...['X-Sendfile-Type', 'X-Accel-Mapping', 'AspFilterSessionId', 'X-Forwarded-Server', 'X-Forwarded-Host'],
  ...['Proxy', 'X-Host', 'X-Host-Override', 'X-HTTP-Host-Override', 'X-Original-Host', 'X-Original-For'],
  ...['X-Original-Proto', 'X-ProxyUser-Ip', 'X-JFrog-Override-Base-Url', 'X-Artifactory-Override-Base-Url'],
  ...['MS-ASPNETCORE-TOKEN', 'MS-ASPNETCORE-CLIENTCERT', 'MS-ASPNETCORE-WINAUTHTOKEN', 'MS-ASPNETCORE-EVENT'],
]

/** Which the server would take for credentials. */
const SIGNED = [
  ...['Signature', 'Signature-Input', 'X-SSH-Certificate', 'X-Ops-Userid', 'X-VSS-DownloadTicket', 'X-Runner-Token'],
  ...['X-Gitea-Internal-Auth', 'Gitlab-Agentk-Api-Request', 'Gitlab-Shared-Secret', 'X-Seraph-Trusted-App-Cert'],
]

const SPELLINGS: Readonly<Record<string, (name: string) => string>> = {
  'as it is': name => name,
  'with underscores': name => name.replaceAll('-', '_'),
  'with dots': name => name.replaceAll('-', '.'),
  'with other characters': name => name.replaceAll('-', '!'),
}

const isSpoofed: Attack['isWanted'] = ({ fields }) => fields.some(([, value]) => value.includes('spoofed'))

/** Beside a person's own access token: somebody else's signature, ticket or certificate. */
const beside = (name: string, field: string): Attack => ({
  ...{ name, setting: 'plain', isWanted: isSpoofed },
  async run({ op, ada, host, send }) {
    const token = await op.issueAccessToken(ada.name)
    return send(`GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n${field}: spoofed\r\n\r\n`)
  },
})

export const identityAttacks: readonly Attack[] = Object.entries(SPELLINGS).flatMap(([how, spell]) => [
  ...BELIEVED.map(name =>
    request(`identity: ${name} ${how}`, 'plain', 'GET /', [patField, `${spell(name)}: spoofed`], isSpoofed),
  ),
  ...SIGNED.map(name => beside(`identity: ${name} ${how}, beside an access token`, spell(name))),
])
