/** Torhaus between the OP and a DevOps server that speaks git, git-lfs and REST: for clients as people have them. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type GitRun, runGit, withCredentials } from '../../devkit/origin/git-client.ts'
import { type OpenOrigin, openOrigin, samplePat } from '../../devkit/origin/origin-fixture.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { agreed, torhausAddresses } from '../../devkit/torhaus/torhaus-config.ts'
import { type FixtureOptions, startTorhausFixture, type TorhausFixture } from '../../devkit/torhaus/torhaus-fixture.ts'

export type ClientLab = {
  readonly torhaus: TorhausFixture
  readonly devops: OpenOrigin
  /** Without credentials, and with a token as the password. */
  readonly gitUrl: string
  remoteWith(userName: string, token: string): string
  readonly pat: string
  bearer(overrides?: Readonly<Record<string, unknown>>): Promise<string>
  /** Runs git in the lab's folder, or one in it; rejects if it fails. */
  git(folder: string, ...args: string[]): Promise<GitRun>
  close(): Promise<void>
}

/** `configure` changes the usual configuration; `ownHost`: for our own pages. */
export async function startClientLab(configure?: FixtureOptions['configure'], ownHost = false): Promise<ClientLab> {
  const port = await freePort()
  const { publicUrl, jwksUrl } = torhausAddresses(port)
  const { assertionField: field, audience } = agreed
  const devops = await openOrigin({ identity: { kind: 'assertion', field, jwksUrl, audience, issuer: publicUrl } })
  const torhaus = await startTorhausFixture({
    ...{ upstreamUrl: devops.origin.url, port, ownHost },
    ...(configure === undefined ? {} : { configure }),
  }).catch(async error => {
    await devops.close()
    throw error
  })
  const gitUrl = torhaus.url + devops.origin.gitPath
  return {
    torhaus,
    devops,
    gitUrl,
    remoteWith: (userName, token) => withCredentials(gitUrl, userName, token),
    pat: samplePat,
    bearer: overrides => torhaus.op.issueAccessToken('ada', overrides),
    async git(folder, ...args) {
      // One home for all of them, where `git lfs install` has left its filters.
      const environment = { HOME: devops.directory }
      const run = await runGit(args, { directory: join(devops.directory, folder), environment })
      if (run.status !== 0) throw new Error(`git ${args[0]} ended with ${run.status}: ${run.stderr}`)
      return run
    },
    async close() {
      await torhaus.close()
      await devops.close()
    },
  }
}

export async function sha256OfFile(fileName: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(fileName), hash)
  return hash.digest('hex')
}

/** Runs curl; `--write-out` of the status comes last on stdout, on a line of its own. */
export async function curl(...args: string[]): Promise<{ readonly status: number; readonly content: string }> {
  const options = ['--silent', '--show-error', '--max-time', '20', '--write-out', '\n%{http_code}']
  const child = spawn('curl', [...options, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 })
  const [output, problem] = await Promise.all([text(child.stdout), text(child.stderr)])
  const at = output.lastIndexOf('\n')
  if (at === -1) throw new Error(`curl: ${problem}`)
  return { status: Number(output.slice(at + 1)), content: output.slice(0, at) }
}
