/**
 * What is shipped in place of the sources: the programs below, with the packages they use, in one folder of JavaScript.
 * What only a command needs, or only supervisor or worker, is in a file that only they load.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/** Name in the bundle, and source. */
const PROGRAMS = {
  main: 'src/main.ts',
  torhaus: 'src/cli/torhaus.ts',
  'roll-out': 'deploy/roll-out/main.ts',
  'haproxy-server': 'deploy/roll-out/haproxy-server.ts',
}
/** Read at run time from beside the file that names them. */
const ASSETS = ['src/routes/torhaus-credential.mjs']
export const LICENCES = 'LICENCES.txt'
/** CommonJS packages ask for modules of Node by a `require` that ES modules lack. */
const REQUIRE =
  "import{createRequire as createRequire_}from'node:module';const require=createRequire_(import.meta.url);"
const OWNER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//

/**
 * Bundles the tree `root`, packages in its node_modules included, into `folder`, whose content is replaced. `folder` lies
 * beside `package.json`, which is read at run time. The same tree gives the same bytes.
 *
 * Names stay, so that errors and profiles read as in the sources; maps beside the files lead back to lines.
 */
export async function bundle(root: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(PROGRAMS).map(([out, source]) => ({ in: source, out })),
    outdir: folder,
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24.9' },
    ...{ minifySyntax: true, minifyWhitespace: true, legalComments: 'none' },
    ...{ sourcemap: 'linked', sourcesContent: false },
    banner: { js: REQUIRE },
    // That of a clone is not there where a release is made.
    tsconfigRaw: {},
    ...{ metafile: true, logLevel: 'warning' },
  })
  for (const asset of ASSETS) cpSync(join(root, asset), join(folder, basename(asset)))
  const owners = Object.keys(metafile.inputs).flatMap(input => OWNER.exec(input)?.[1] ?? [])
  writeFileSync(join(folder, LICENCES), licencesOf(root, [...new Set(owners)].sort()))
}

/** Licences ask to come along with what they are of. */
function licencesOf(root: string, packages: readonly string[]): string {
  const texts = packages.map(path => {
    const place = join(root, path)
    const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
    const file = readdirSync(place).find(entry => /^(licen[cs]e|copying)\b/i.test(entry))
    const text = file === undefined ? 'It comes without a text of it.' : readFileSync(join(place, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  return `The programs in this folder contain these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}

/** What of `tree`, which has been bundled into its folder dist, is not needed any more. */
export function dropSources(tree: string): void {
  for (const name of ['src', 'middleware', 'deploy/roll-out'])
    rmSync(join(tree, name), { recursive: true, force: true })
  for (const name of readdirSync(join(tree, 'config')))
    if (name !== 'example.yaml') rmSync(join(tree, 'config', name), { recursive: true })
  const modules = join(tree, 'node_modules')
  for (const name of existsSync(modules) ? readdirSync(modules) : [])
    if (!isRuntime(name)) rmSync(join(modules, name), { recursive: true })
}

const isRuntime = (name: string) => name === '.bin' || /^node(-bin)?-(darwin|linux|win)-(arm64|x64)$/.test(name)
