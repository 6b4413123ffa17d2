/**
 * A real origin server that wants Kerberos: Apache, mod_auth_gssapi, git over HTTP.
 *
 *   /whoami  {"account":"alice@CORP.TEST"}      /upload  reads a POST to its end, then answers like /whoami
 *   /static  100 KB                             /stream  the account on ten lines, one every 50 ms
 *   /git/demo.git                               (any other name in `gitRoot` too, see createRepository)
 */
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { type ApachePlace, apacheConfig, CONNECTION_BOUND_PORT, PER_REQUEST_PORT } from './apache-config.ts'
import { freeLoopbackAddress } from './free-loopback-address.ts'
import { ORIGIN_NAME } from './lab-accounts.ts'
import { runCommand } from './run-command.ts'
import type { SambaKdc } from './samba-kdc.ts'
import { startServerProcess } from './server-process.ts'

const PACKAGES = ['apache2', 'libapache2-mod-auth-gssapi', 'git', 'util-linux']

/** The account Debian's web server runs as. */
const WWW_DATA = 'www-data'

export const STATIC_BYTES = 100 * 1024

export type OriginHost = {
  /** `http://devops.corp.test:port`: the name of the SPN. */
  readonly url: string
  readonly address: string
  readonly port: number
  /** `host:port:address`, for curl's --resolve and git's http.curloptResolve. */
  readonly resolve: string
}

export type ApacheOrigin = {
  /** GssapiConnectionBound Off. */
  readonly perRequest: OriginHost
  /** GssapiConnectionBound On: a connection stays its first user's. */
  readonly connectionBound: OriginHost
  readonly directory: string
  /** One JSON object a line: port, clientPort, account, status, method, path. */
  readonly accessLog: string
  /** Holds the bare repositories; their reflogs name who pushed. */
  readonly gitRoot: string
  readonly pid: number
  /** A bare repository at /git/NAME.git with one commit on main. */
  createRepository(name: string): Promise<void>
  close(): Promise<void>
}

export type ApacheOriginOptions = {
  readonly kdc: Pick<SambaKdc, 'krb5Config' | 'keytabs'>
  /**
   * Where its files go; every user must be able to reach it. The default is a new temporary folder, removed by close().
   */
  readonly directory?: string
}

/**
 * As root, workers run as www-data; else as the user of this process. @throws with the server's output; leaves nothing.
 */
export async function startApacheOrigin(options: ApacheOriginOptions): Promise<ApacheOrigin> {
  await ensureDebianPackages(PACKAGES)
  const { directory, remove } = await temporaryFolder('torhaus-lab-origin-', options.directory)
  try {
    const address = await freeLoopbackAddress([PER_REQUEST_PORT, CONNECTION_BOUND_PORT])
    const place = { directory, address, user: process.getuid?.() === 0 ? WWW_DATA : undefined }
    await prepareFiles(place, options.kdc)
    const createRepository = (name: string) => createRepositoryIn(place, name)
    await createRepository('demo')
    const server = await startServerProcess('setpriv', apacheCommand(directory), {
      address,
      port: CONNECTION_BOUND_PORT,
      env: apacheEnvironment(directory),
    })
    return {
      perRequest: originHost(address, PER_REQUEST_PORT),
      connectionBound: originHost(address, CONNECTION_BOUND_PORT),
      directory,
      accessLog: join(directory, 'log/access.log'),
      gitRoot: join(directory, 'git'),
      pid: server.pid,
      createRepository,
      async close() {
        await server.stop()
        remove()
      },
    }
  } catch (error) {
    const log = await readFile(join(directory, 'log/error.log'), 'utf8').catch(() => '')
    remove()
    throw new Error(`Apache did not start: ${log.slice(-2000)}`, { cause: error })
  }
}

/** --pdeathsig: it ends with this process, whatever ends this process; Apache itself takes no notice of its input. */
function apacheCommand(directory: string): string[] {
  return [
    '--pdeathsig',
    'TERM',
    '/usr/sbin/apache2',
    '-DFOREGROUND',
    '-d',
    directory,
    '-f',
    join(directory, 'apache2.conf'),
  ]
}

/** The replay cache lies in the lab's folder: the default is one file for the whole machine, and it only grows. */
function apacheEnvironment(directory: string): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    KRB5_CONFIG: join(directory, 'run/krb5.conf'),
    KRB5RCACHEDIR: join(directory, 'rcache'),
  }
}

function originHost(address: string, port: number): OriginHost {
  return { url: `http://${ORIGIN_NAME}:${port}`, address, port, resolve: `${ORIGIN_NAME}:${port}:${address}` }
}

const WHOAMI = '{"account":"<!--#echo encoding="none" var="REMOTE_USER" -->"}\n'

const STREAM = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
for line in 1 2 3 4 5 6 7 8 9 10; do
  printf '%s\\n' "$REMOTE_USER"
  sleep 0.05
done
`

async function prepareFiles(place: ApachePlace, kdc: ApacheOriginOptions['kdc']): Promise<void> {
  const path = (name: string) => join(place.directory, name)
  for (const folder of ['run', 'log', 'htdocs', 'cgi', 'git', 'rcache']) await mkdir(path(folder), { recursive: true })
  // It was made for its owner alone; workers run as another user.
  await chmod(place.directory, 0o711)
  await writeFile(path('apache2.conf'), apacheConfig(place))
  await writeFile(path('htdocs/whoami.json'), WHOAMI)
  await writeFile(path('htdocs/static.bin'), Buffer.alloc(STATIC_BYTES, 'torhaus '))
  await writeFile(path('cgi/stream'), STREAM, { mode: 0o755 })
  await copyFile(kdc.krb5Config, path('run/krb5.conf'))
  await copyFile(kdc.keytabs.devops, path('run/devops.keytab'))
  await chmod(path('run/devops.keytab'), 0o600)
  await giveToWorkers(place, ['git', 'rcache', 'run'])
}

/** @param names of files or folders in the lab's folder, with everything below them. */
async function giveToWorkers(place: ApachePlace, names: readonly string[]): Promise<void> {
  if (place.user === undefined) return
  const paths = names.map(name => join(place.directory, name))
  await runCommand('chown', ['-R', `${place.user}:${place.user}`, '--', ...paths])
}

async function createRepositoryIn(place: ApachePlace, name: string): Promise<void> {
  const bare = join(place.directory, 'git', `${name}.git`)
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    HOME: place.directory,
  }
  await runCommand('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare], { env })
  await runCommand('git', ['-C', bare, 'fast-import', '--quiet'], { env, input: FIRST_COMMIT })
  await runCommand('git', ['-C', bare, 'config', 'http.receivepack', 'true'], { env })
  await runCommand('git', ['-C', bare, 'config', 'core.logAllRefUpdates', 'always'], { env })
  await giveToWorkers(place, [join('git', `${name}.git`)])
}

const FIRST_COMMIT = `commit refs/heads/main
committer Lab <lab@corp.test> 0 +0000
data 6
first

M 100644 inline README.md
data 5
demo

`
