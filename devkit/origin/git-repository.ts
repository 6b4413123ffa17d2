import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Git without this machine's configuration, and as nobody in particular. */
export const gitEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@example.test',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@example.test',
}

const readme = '# Demo\n\nClone this repository through Torhaus, change something, and push it back.\n'

/** Creates `projectRoot`/`name`.git, bare, with one commit on `main`, open for pushes of any size. */
export async function createBareRepository(projectRoot: string, name: string): Promise<void> {
  const directory = join(projectRoot, `${name}.git`)
  const git = async (args: readonly string[], content?: string): Promise<string> => {
    const running = run('git', ['-C', projectRoot, ...args], { env: gitEnvironment, timeout: 30_000 })
    // A command that wants no content may end before it could be told that there is none; its status decides.
    running.child.stdin?.on('error', () => undefined).end(content ?? '')
    return (await running).stdout.trim()
  }
  await git(['init', '--quiet', '--bare', '--initial-branch=main', directory])
  const inRepository = ['--git-dir', directory]
  await git([...inRepository, 'config', 'http.receivepack', 'true'])
  await git([...inRepository, 'config', 'receive.maxInputSize', '0'])
  const blob = await git([...inRepository, 'hash-object', '-w', '--stdin'], readme)
  const tree = await git([...inRepository, 'mktree'], `100644 blob ${blob}\tREADME.md\n`)
  const commit = await git([...inRepository, 'commit-tree', '-m', 'Begin', tree])
  await git([...inRepository, 'update-ref', 'refs/heads/main', commit])
}
