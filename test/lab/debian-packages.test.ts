import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { debianPackageVersion, ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'

const MODULE = new URL('../../devkit/torhaus/debian-packages.ts', import.meta.url).href
const ABSENT = 'torhaus-no-such-package'

test('an installed package has a version and an unknown one has none', async () => {
  assert.match((await debianPackageVersion('dpkg')) ?? '', /^\d/)
  assert.equal(await debianPackageVersion(ABSENT), undefined)
})

test('packages that are all there need no installation, nor root', async () => {
  const program = `process.getuid = () => 1000
    await (await import('${MODULE}')).ensureDebianPackages(['dpkg', 'tar'])`
  await runCommand(process.execPath, ['-e', program])
  await assert.doesNotReject(ensureDebianPackages(['dpkg', 'tar']))
})

test('an ordinary user is told which packages root has to install', async () => {
  const program = `process.getuid = () => 1000
    await (await import('${MODULE}')).ensureDebianPackages(['dpkg', '${ABSENT}']).catch(e => console.log(e.message))`
  const said = await runCommand(process.execPath, ['-e', program])
  assert.equal(said, `Debian packages are missing; as root: apt-get install ${ABSENT}\n`)
})
