/** What a release is put together from: the same bytes from the same files, and a list that somebody has signed. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { CHECKSUMS, SIGNATURE } from '../../../deploy/roll-out/verify-release.ts'
import { packTarball, packZip } from '../../../devkit/release/archives.ts'
import { changelogSection } from '../../../devkit/release/changelog-section.ts'
import { debianVersion } from '../../../devkit/release/pack-deb.ts'
import { signChecksums, writeChecksums } from '../../../devkit/release/signature.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const folder = mkdtempSync(join(tmpdir(), 'torhaus-parts-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const EPOCH = 1_790_000_000

/** The same files, made in another order, at another time, by somebody with another umask. */
function makeTree(name: string, isOther: boolean): string {
  const top = join(folder, name, 'torhaus')
  mkdirSync(join(top, 'bin'), { recursive: true })
  const files = isOther ? ['b', 'bin/a', 'a'] : ['a', 'b', 'bin/a']
  for (const file of files) {
    writeFileSync(join(top, file), `content of ${file}`)
    chmodSync(join(top, file), isOther ? 0o600 : 0o664)
    utimesSync(join(top, file), isOther ? 1 : 2, isOther ? 1 : 2)
  }
  chmodSync(join(top, 'bin'), isOther ? 0o700 : 0o775)
  symlinkSync('a', join(top, 'link'))
  return join(folder, name)
}

test('the same files give the same tarball, whoever packs them', async () => {
  const digests: string[] = []
  for (const isOther of [false, true]) {
    const parent = makeTree(`tree-${isOther}`, isOther)
    const file = join(parent, 'torhaus.tar.gz')
    await packTarball(parent, 'torhaus', EPOCH, file)
    digests.push(createHash('sha256').update(readFileSync(file)).digest('hex'))
  }
  assert.equal(digests[0], digests[1])
  const listing = execFileSync('tar', ['-tvzf', join(folder, 'tree-true/torhaus.tar.gz'), '--numeric-owner'], {
    encoding: 'utf8',
  })
  assert.match(listing, /^-rw-r--r-- 0\/0 /m)
  assert.match(listing, /^drwxr-xr-x 0\/0 .*torhaus\/bin\/$/m)
})

test('the same files give the same zip, hidden ones included', async () => {
  const digests: string[] = []
  for (const isOther of [false, true]) {
    const parent = makeTree(`zipped-${isOther}`, isOther)
    writeFileSync(join(parent, 'torhaus/.hidden'), '')
    const file = join(parent, 'torhaus.zip')
    await packZip(parent, 'torhaus', EPOCH, file)
    digests.push(createHash('sha256').update(readFileSync(file)).digest('hex'))
  }
  assert.equal(digests[0], digests[1])
  const { stdout } = spawnSync('unzip', ['-l', join(folder, 'zipped-true/torhaus.zip')], { encoding: 'utf8' })
  assert.match(stdout ?? 'torhaus/.hidden', /torhaus\/\.hidden/)
})

test('the list of checksums is one that sha256sum takes, and openssl verifies its signature', async () => {
  const dist = join(folder, 'dist')
  mkdirSync(dist)
  writeFileSync(join(dist, 'one'), '1')
  writeFileSync(join(dist, 'two'), '2')
  await writeChecksums(dist)
  execFileSync('sha256sum', ['--check', '--strict', CHECKSUMS], { cwd: dist })
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const [keyFile, publicFile] = [join(folder, 'key.pem'), join(folder, 'public.pem')]
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }))
  signChecksums(dist, keyFile)
  const verify = () =>
    execFileSync(
      'openssl',
      ['pkeyutl', '-verify', '-pubin', '-inkey', publicFile, '-rawin', '-in', CHECKSUMS, '-sigfile', SIGNATURE],
      { cwd: dist, stdio: 'pipe' },
    )
  verify()
  writeFileSync(join(dist, CHECKSUMS), readFileSync(join(dist, CHECKSUMS), 'utf8').replace('one', 'uno'))
  assert.throws(verify)
})

test('a key of another kind signs nothing', () => {
  const keyFile = join(folder, 'rsa.pem')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  assert.throws(() => signChecksums(folder, keyFile), /is no Ed25519 key/)
})

test('the changes of a version are those below its heading, and the version of package.json has some', () => {
  const changelog = '# Changelog\n\n## 2.0.0\n\n- new\n\n## 1.0.0 (2026-01-01)\n\n- old\n'
  assert.equal(changelogSection(changelog, '2.0.0'), '## 2.0.0\n\n- new\n')
  assert.equal(changelogSection(changelog, '1.0.0'), '## 1.0.0 (2026-01-01)\n\n- old\n')
  assert.throws(() => changelogSection(changelog, '1.0'), /no section/)
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  assert.match(changelogSection(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), version), /^### /m)
})

test('a candidate comes before its release, to dpkg as well', () => {
  assert.equal(debianVersion('1.0.0-rc.1'), '1.0.0~rc.1')
  execFileSync('dpkg', ['--compare-versions', debianVersion('1.0.0-rc.1'), 'lt', debianVersion('1.0.0')])
})
