/** Files that are renewed in the ways of cert-manager, certbot and editors: a link that is swapped, a rename, a write in place. */
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { FileWatcher } from '../../src/process/file-watcher.ts'

const LOOK_MS = 20

const folder = mkdtempSync(join(tmpdir(), 'torhaus-file-watcher-'))
const at = (...names: string[]) => join(folder, ...names)
after(() => rmSync(folder, { recursive: true, force: true }))

/** As the kubelet writes a secret: the files in a folder of their own, which `..data` leads to. */
function writeSecret(version: string): void {
  mkdirSync(at(version))
  for (const name of ['tls.crt', 'tls.key']) writeFileSync(at(version, name), `${name} of ${version}`)
  symlinkSync(version, at('..data_tmp'))
  renameSync(at('..data_tmp'), at('..data'))
}

test('a link that is swapped below two files, a rename and a write in place are each one change', async () => {
  writeSecret('..first')
  const names = ['tls.crt', 'tls.key'].map(name => at(name))
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), at(name))
  writeFileSync(at('torhaus.yaml'), 'a: 1\n')
  writeFileSync(at('new'), 'a: 2\n')
  let changes = 0
  using _ = new FileWatcher([...names, at('torhaus.yaml')], LOOK_MS, () => changes++)
  const steps: readonly [what: string, change: () => void][] = [
    ['a link that is swapped', () => writeSecret('..second')],
    ['the file before is removed', () => rmSync(at('..first'), { recursive: true })],
    ['a rename', () => renameSync(at('new'), at('torhaus.yaml'))],
    ['a write in place', () => appendFileSync(at('torhaus.yaml'), 'b: 3\n')],
  ]
  let expected = 0
  for (const [what, change] of steps) {
    change()
    // Nothing leads to what the kubelet removes.
    if (!what.startsWith('the file before')) expected++
    await eventually(() => changes >= expected, what)
    assert.equal(changes, expected, what)
  }
})
