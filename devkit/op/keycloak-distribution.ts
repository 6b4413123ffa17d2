/**
 * Keycloak as it is published on Maven Central: downloaded once by Maven, unpacked and built once for this computer, in
 * a folder outside the tree.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand, tryCommand } from '../realm/run-command.ts'
import { madeOnce } from '../torhaus/made-once.ts'

const VERSION = '26.7.3'
const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`
const MAVEN_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'
const DOWNLOAD_TIMEOUT_MS = 240_000
const BUILD_TIMEOUT_MS = 720_000

/** Debian packages that bring Keycloak here and run it. */
export const keycloakPackages = ['default-jdk-headless', 'maven', 'util-linux']

/** Where it lies, built for a database in memory; or why it cannot be had here. */
export async function keycloakHome(): Promise<{ readonly home: string } | { readonly missing: string }> {
  if (!(await runs('java'))) return { missing: 'java is missing' }
  const made = await madeOnce(`keycloak-${VERSION}`, async work => {
    for (const program of ['jar', 'mvn']) if (!(await runs(program))) return { missing: `${program} is missing` }
    const downloaded = await download(work)
    if (downloaded !== undefined) return { missing: `Maven Central does not give ${ARTIFACT}: ${downloaded}` }
    await unpackAndBuild(work)
    return { folder: join(work, `keycloak-${VERSION}`) }
  })
  return 'missing' in made ? made : { home: made.folder }
}

/** What Maven said where it failed. */
async function download(work: string): Promise<string | undefined> {
  const copy = [MAVEN_COPY, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${work}`]
  const options = { cwd: work, timeoutMs: DOWNLOAD_TIMEOUT_MS }
  const { code, stdout, stderr } = await tryCommand('mvn', ['--batch-mode', '--quiet', ...copy], options)
  if (code !== 0) return (stderr || stdout).trim().slice(0, 500)
  return undefined
}

/** What Keycloak would do at each start is done once: its options for the build are fixed with that. */
async function unpackAndBuild(work: string): Promise<void> {
  const zip = join(work, `keycloak-quarkus-dist-${VERSION}.zip`)
  await runCommand('jar', ['xf', zip], { cwd: work })
  await rm(zip)
  const build = [join(work, `keycloak-${VERSION}`, 'bin/kc.sh'), 'build', '--db=dev-mem', '--cache=local']
  await runCommand('sh', build, { cwd: work, timeoutMs: BUILD_TIMEOUT_MS })
}

const runs = (program: string) =>
  tryCommand(program, ['--version']).then(
    () => true,
    () => false,
  )
