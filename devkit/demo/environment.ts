import { randomBytes, randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenIdProvider, startOpenIdProvider } from '../op/openid-provider.ts'
import { newTotpSecret } from '../op/totp.ts'
import { startDevOpsOrigin } from '../origin/devops-origin.ts'
import { agreed, torhausAddresses, torhausClient, writeTorhausConfig } from '../torhaus/torhaus-config.ts'
import { showOriginRequests } from './origin-requests.ts'
import type { DemoPorts } from './ports.ts'
import { portTaken, requireFreePorts } from './ports.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { startTorhaus } from './torhaus-process.ts'

/** What `--json` prints: the interface of the demo. Addresses have no trailing slash, `gitUrl` no credentials. */
type DemoFacts = {
  readonly proxy: string
  readonly admin: string
  readonly issuer: string
  readonly user: string
  readonly password: string
  readonly totpSecret: string
  readonly pat: string
  readonly bearer: string
  readonly expiredBearer: string
  readonly gitUrl: string
  readonly whoami: string
  /** Answers what the origin server saw: `{"target":count}`. */
  readonly originRequests: string
  /** Our own pages, where they have a host of their own. */
  readonly ownPages?: string
}

export type Demo = {
  readonly facts: DemoFacts
  readonly logFile: string
  /** Holds the bearer token, for a command line that is short enough to paste. */
  readonly bearerFile: string
  /** Resolves with a sentence if Torhaus ends by itself. */
  readonly broken: Promise<string>
  /** Ends everything and removes the temporary folder. */
  stop(): Promise<void>
}

const user = 'ada'
const bearerLifetimeS = 8 * 3600

/**
 * Starts the parts in the order they need each other: OP, origin server, then Torhaus. Whatever fails or is aborted
 * half-way is undone before this rejects; and should the process end abruptly, an exit handler undoes it.
 */
export async function startDemo(
  ports: DemoPorts,
  { trace, ownHost }: { readonly trace: boolean; readonly ownHost: boolean },
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<Demo> {
  await requireFreePorts(ports)
  await using undo = new AsyncDisposableStack()
  const secrets = newSecrets()
  const addresses = torhausAddresses(ports.port, ownHost)
  const { publicUrl, pagesUrl, jwksUrl } = addresses
  const admin = `http://127.0.0.1:${ports.adminPort}`

  const { directory, remove } = await temporaryFolder('torhaus-demo-')
  undo.defer(remove)

  tell('Starting the OpenID Provider ...')
  const op = await startOpenIdProvider({
    users: [{ name: user, password: secrets.password, totpSecret: secrets.totpSecret }],
    clients: [torhausClient(addresses, secrets.clientSecret, true)],
    audience: agreed.audience,
  })
  undo.defer(() => op.close())
  signal.throwIfAborted()

  tell('Starting the DevOps server ...')
  const origin = await startDevOpsOrigin({
    personalAccessTokens: new Map([[secrets.pat, user]]),
    identity: {
      kind: 'assertion',
      field: agreed.assertionField,
      jwksUrl,
      audience: agreed.audience,
      issuer: publicUrl,
    },
    directory: join(directory, 'origin'),
  })
  undo.defer(() => origin.close())
  const originRequests = await showOriginRequests(() => origin.targets)
  undo.defer(() => originRequests.close())
  signal.throwIfAborted()

  tell('Starting Torhaus ...')
  const { clientSecret } = secrets
  const setting = { ...ports, upstreamUrl: origin.url, issuer: op.issuer, clientSecret, directory, ownHost }
  const configFile = await writeTorhausConfig(setting, config => ({
    ...config,
    credentials: { ...config.credentials, patProof: { profile: 'azure-devops', path: origin.collectionPath } },
    logging: { trace },
  }))
  const logFile = join(directory, 'torhaus.log')
  const torhaus = startTorhaus(configFile, logFile, { explain: portTaken })
  undo.defer(() => torhaus.stop())
  await torhaus.ready(admin, signal)

  const bearers = await issueBearers(op)
  const bearerFile = join(directory, 'bearer')
  await writeFile(bearerFile, bearers.bearer, { mode: 0o600 })
  const { totpSecret, password, pat } = secrets
  const gitUrl = publicUrl + origin.gitPath
  const whoami = `${publicUrl}/DefaultCollection/_apis/whoami`
  const facts = {
    proxy: publicUrl,
    admin,
    issuer: op.issuer,
    user,
    password,
    totpSecret,
    pat,
    ...bearers,
    gitUrl,
    whoami,
    originRequests: originRequests.url,
    ...(ownHost && { ownPages: pagesUrl }),
  }
  const kept = undo.move()
  return { facts, logFile, bearerFile, broken: torhaus.ended, stop: () => kept.disposeAsync() }
}

function newSecrets() {
  const letters = (alphabet: string, length: number) =>
    Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
  // Without letters and digits that are mistaken for others: a person types it.
  const word = () => letters('abcdefghjkmnpqrstuvwxyz23456789', 4)
  return {
    password: `${word()}-${word()}-${word()}`,
    totpSecret: newTotpSecret(randomBytes),
    pat: letters('abcdefghijklmnopqrstuvwxyz234567', 52),
    clientSecret: randomBytes(32).toString('base64url'),
  }
}

async function issueBearers(op: OpenIdProvider): Promise<Pick<DemoFacts, 'bearer' | 'expiredBearer'>> {
  const nowS = Math.floor(Date.now() / 1000)
  return {
    bearer: await op.issueAccessToken(user, { exp: nowS + bearerLifetimeS }),
    expiredBearer: await op.issueAccessToken(user, { iat: nowS - 7200, auth_time: nowS - 7200, exp: nowS - 3600 }),
  }
}
