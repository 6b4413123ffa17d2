import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { usualReplayDirectory } from '../../config/replay-directory.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'

const on = (platform: NodeJS.Platform, environment: NodeJS.ProcessEnv, account?: number) =>
  usualReplayDirectory({ platform, environment, account })

test('tokens that were seen lie where KRB5RCACHEDIR says, or among the temporary files under the number of the account', () => {
  assert.equal(on('linux', {}, 998), join(tmpdir(), 'torhaus-replay-998'))
  assert.equal(
    on('linux', { KRB5RCACHEDIR: '/var/lib/torhaus', LOCALAPPDATA: '/x' }, 0),
    '/var/lib/torhaus/torhaus-replay-0',
  )
})

test('under a service manager they lie with what lasts, and outlive a restart', () => {
  const managed = { STATE_DIRECTORY: '/var/lib/torhaus:/var/lib/other' }
  assert.equal(on('linux', managed, 998), '/var/lib/torhaus/torhaus-replay-998')
  assert.equal(on('linux', { ...managed, KRB5RCACHEDIR: '/x' }, 998), '/x/torhaus-replay-998')
  assert.equal(on('linux', { ...managed, KRB5RCACHEDIR: '' }, 998), '/var/lib/torhaus/torhaus-replay-998')
  assert.equal(on('linux', { STATE_DIRECTORY: '', KRB5RCACHEDIR: '' }, 998), join(tmpdir(), 'torhaus-replay-998'))
})

test('on Windows never among the temporary files, where another account could have made the folder: in the local data of ours', () => {
  const own = { LOCALAPPDATA: 'C:/Users/torhaus/AppData/Local', TEMP: 'C:/Windows/Temp' }
  assert.equal(on('win32', own), 'C:/Users/torhaus/AppData/Local/torhaus-replay')
  assert.equal(on('win32', { ...own, KRB5RCACHEDIR: 'D:/torhaus' }), 'D:/torhaus/torhaus-replay')
  assert.equal(on('win32', { ...own, KRB5RCACHEDIR: '' }), on('win32', own))
  for (const none of [{}, { LOCALAPPDATA: '' }, { TEMP: 'C:/Windows/Temp' }])
    assert.throws(() => on('win32', none), /kerberos\.replayCacheDirectory: this account has no LOCALAPPDATA/)
})

test('a folder that cannot be made is named with the option', () => {
  const place = mkdtempSync(join(tmpdir(), 'torhaus-replay-place-'))
  try {
    writeFileSync(join(place, 'file'), '')
    const opening = () => createReplayCache({ directory: join(place, 'file/cache'), skewMs: 1, now: Date.now })
    assert.throws(opening, /file\/cache cannot be made \(ENOTDIR\): .*\(kerberos\.replayCacheDirectory\)/)
  } finally {
    rmSync(place, { recursive: true })
  }
})
