/** What is kept of where somebody signed in: words of closed sets, and an address; and records that have none of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceOf } from '../../src/http/device.ts'
import { readEvidence, writeEvidence } from '../../src/session/stored-evidence.ts'

const MOZILLA = 'Mozilla/5.0'
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0'

test('browser and system are read as browsers write them', () => {
  for (const [userAgent, browser, system] of [
    [`${MOZILLA} (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0`, 'firefox', 'windows'],
    [`${MOZILLA} (X11; Linux x86_64) ${CHROME} Safari/537.36`, 'chrome', 'linux'],
    [`${MOZILLA} (X11; Linux x86_64) ${CHROME.replace(' Chrome', ' HeadlessChrome')} Safari/537.36`, 'chrome', 'linux'],
    [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/143.0.0.0`, 'edge', 'windows'],
    [`${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Safari/537.36 OPR/124.0.0.0`, 'opera', 'macos'],
    [
      `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15`,
      'safari',
      'macos',
    ],
    [
      `${MOZILLA} (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0 Mobile/15E148 Safari/604.1`,
      'chrome',
      'ios',
    ],
    [
      `${MOZILLA} (Linux; Android 15; SM-S921B) ${CHROME} SamsungBrowser/28.0 Mobile Safari/537.36`,
      'samsung-internet',
      'android',
    ],
    [`${MOZILLA} (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0`, 'firefox', 'android'],
    [`${MOZILLA} (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`, 'chrome', 'chromeos'],
    ['curl/8.15.0', 'other', 'other'],
    ['<script>alert(1)</script>\u202eFirefox/1', 'firefox', 'other'],
    [`${'x'.repeat(600)} Firefox/145.0`, 'other', 'other'],
    ['', 'other', 'other'],
    [undefined, 'other', 'other'],
  ] as const)
    assert.deepEqual(deviceOf(userAgent), { browser, system }, userAgent ?? 'none')
})

const EVIDENCE = { acr: 'mfa', acrs: [], amr: ['otp'], authTime: 1000 }
const FROM = { address: '2001:db8::1', browser: 'firefox', system: 'windows' } as const

test('where somebody signed in is kept beside the evidence, and older records are as good without it', () => {
  const written = writeEvidence({ evidence: EVIDENCE, binding: 'signature', from: FROM })
  assert.deepEqual(readEvidence(written), { evidence: EVIDENCE, binding: 'signature', from: FROM })
  const old = JSON.stringify({ ...EVIDENCE, v: 2, binding: 'signature' })
  assert.deepEqual(readEvidence(old), { evidence: EVIDENCE, binding: 'signature' })
  assert.equal(writeEvidence({ evidence: EVIDENCE, binding: 'signature' }), old, 'as the version before writes it')
})

test('what somebody else wrote there is bounded, or not said, and ends no session', () => {
  const read = (from: unknown) => readEvidence(JSON.stringify({ ...EVIDENCE, v: 2, binding: 'signature', from }))
  for (const from of [null, 'x', 1, [], {}, { address: 1 }])
    assert.deepEqual(read(from), { evidence: EVIDENCE, binding: 'signature' }, JSON.stringify(from))
  assert.deepEqual(read({ address: 'a'.repeat(100), browser: 'lynx', system: { a: 1 } })?.from, {
    ...{ address: 'a'.repeat(45), browser: 'other', system: 'other' },
  })
})
