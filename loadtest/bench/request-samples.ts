/** Requests as real clients send them: `rawHeaders`, name and value in turn. */

export const browserFields: readonly string[] = [
  ...['Host', 'devops.example.test', 'Connection', 'keep-alive'],
  ...[
    'sec-ch-ua',
    '"Chromium";v="141", "Not?A_Brand";v="8"',
    'sec-ch-ua-mobile',
    '?0',
    'sec-ch-ua-platform',
    '"Linux"',
  ],
  ...['Upgrade-Insecure-Requests', '1'],
  ...[
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  ],
  ...['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ...[
    'Sec-Fetch-Site',
    'same-origin',
    'Sec-Fetch-Mode',
    'navigate',
    'Sec-Fetch-User',
    '?1',
    'Sec-Fetch-Dest',
    'document',
  ],
  ...['Referer', 'https://devops.example.test/DefaultCollection/_boards', 'Accept-Encoding', 'gzip, deflate, br, zstd'],
  ...['Accept-Language', 'en-US,en;q=0.9,de;q=0.8'],
]

export const gitFields: readonly string[] = [
  ...['Host', 'devops.example.test', 'User-Agent', 'git/2.47.3', 'Accept', '*/*'],
  ...['Accept-Encoding', 'deflate, gzip, br, zstd', 'Pragma', 'no-cache', 'Git-Protocol', 'version=2'],
]

export const patAuthorization = `Basic ${Buffer.from(`:${'abcdefghijklm'.repeat(4)}`).toString('base64')}`

export const responseFields: readonly string[] = [
  ...['Cache-Control', 'no-cache, no-store, must-revalidate', 'Pragma', 'no-cache', 'Transfer-Encoding', 'chunked'],
  ...[
    'Content-Type',
    'application/json; charset=utf-8; api-version=7.1',
    'Expires',
    '-1',
    'Server',
    'Microsoft-IIS/10.0',
  ],
  ...['P3P', 'CP="CAO DSP COR ADMa DEV CONo TELo CUR PSA PSD TAI IVDo OUR SAMi BUS DEM NAV STA UNI COM INT PHY ONL"'],
  ...['X-TFS-ProcessId', '0f1f2f3f-0000-4000-8000-0123456789ab', 'X-FRAME-OPTIONS', 'SAMEORIGIN'],
  ...[
    'Set-Cookie',
    '__RequestVerificationToken=abc; path=/; HttpOnly',
    'ActivityId',
    '0f1f2f3f-0000-4000-8000-0123456789ac',
  ],
  ...['Connection', 'keep-alive', 'Date', 'Tue, 01 Sep 2026 09:00:00 GMT'],
]
