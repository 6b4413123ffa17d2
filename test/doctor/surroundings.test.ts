/** What is wrong with files, disks, ports, names and clocks around Torhaus. */
import assert from 'node:assert/strict'
import { chmodSync, chownSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { createPlace, type Place } from '../../devkit/mistakes/place.ts'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { canMount, mountSmallDisk } from '../../devkit/torhaus/small-disk.ts'
import { namesExamination } from '../../src/doctor/names.ts'
import { system } from '../../src/system.ts'
import { assertFound, configIn, found, onlyOf } from './doctor-lab.ts'

const HOUR_MS = 3_600_000
const withStore = (config: Config, file: string): Config => ({
  ...config,
  session: { ...config.session, store: { ...config.session.store, sqlite: { file } } },
})

function withDatabase({ file }: Place): string {
  const name = file('data/torhaus.sqlite')
  const database = new DatabaseSync(name)
  database.exec('CREATE TABLE t (a)')
  database.close()
  chmodSync(name, 0o600)
  return name
}

test('secrets that others may read, folders that all may write to, and root who may everything are named', async () => {
  using place = createPlace()
  const config = configIn(place.configFile)
  assert.deepEqual(await found('files', config), [])
  await assertFound(found('files', config, { userId: 0 }), /^warning \(\) this check ran as root/)
  chmodSync(place.file('session-key'), 0o644)
  await assertFound(found('files', config), /^error \(session\.encryptionKeyFiles\[0\]\) .*session-key has mode 0644/)
  chmodSync(place.file('session-key'), 0o600)
  chmodSync(place.directory, 0o777)
  await assertFound(found('files', config), /^error \(\) everyone can write to /)
})

test('a certificate that has expired is an error, and one without its chain a warning', async () => {
  using place = createPlace()
  const config = configIn(place.configFile)
  assert.deepEqual(await found('certificates', config), [])
  const later = await found('certificates', config, { now: () => Date.now() + 60 * 24 * HOUR_MS })
  assert.match(later.join('\n'), /^error \(listener\.tls\.certificateFile\) .*tls\.crt expired on /m)
  assert.match(later.join('\n'), /^error \(upstream\.tls\.caFile\) .*ca\.pem contains only expired authorities/m)
  place.write('tls.crt', place.authority.sign('DNS:devops.example.com').certificate)
  await assertFound(
    found('certificates', config),
    /^warning \(listener\.tls\.certificateFile\) .*tls\.crt contains only the certificate/,
  )
})

test('a store of another account, or one that cannot be written or is locked, is named', async () => {
  using place = createPlace()
  const config = configIn(place.configFile)
  assert.match((await found('store', config)).join(), /^skipped: .* does not exist yet/)
  const name = withDatabase(place)
  const userId = process.getuid?.()
  assert.deepEqual(await found('store', config, { userId }), [])
  const other = new DatabaseSync(name)
  other.exec('BEGIN EXCLUSIVE')
  await assertFound(found('store', config, { userId }), /^error \(session\.store\.sqlite\.file\) SQLite says .* locked/)
  other.close()
  chmodSync(name, 0o644)
  await assertFound(found('store', config, { userId }), /^warning \(session\.store\.sqlite\.file\) .* has mode 0644/)
  chmodSync(name, 0o600)
  if (userId !== 0) return
  chownSync(name, 1234, 1234)
  await assertFound(
    found('store', config, { userId: 1000 }),
    /^warning \(session\.store\.sqlite\.file\) .* belongs to account 1234, but this check ran as account 1000/,
  )
})

test('a disk that is almost full is named', { skip: !canMount }, async () => {
  using place = createPlace()
  await using disk = await mountSmallDisk(1024)
  const config = withStore(configIn(place.configFile), `${disk.directory}/torhaus.sqlite`)
  assert.deepEqual(await found('disks', config), [])
  await disk.fill()
  await assertFound(found('disks', config), /^error \(session\.store\.sqlite\.file\) the disk of \S+ is 100 % full/)
})

test('a port that is taken by another program is named by its option, and one that is free is not', async () => {
  using place = createPlace()
  const occupant = createServer(socket => socket.destroy())
  const [free, taken] = [await freePort(), await listen(occupant, '127.0.0.1', 0)]
  const config = configIn(place.configFile)
  const at = (listenerPort: number, adminPort: number): Config => ({
    ...config,
    listener: { ...config.listener, port: listenerPort },
    admin: { ...config.admin, port: adminPort },
  })
  try {
    assert.deepEqual(await found('ports', at(free, await freePort())), [])
    await assertFound(
      found('ports', at(taken, free)),
      /^error \(listener\.port\) \d+ is in use on 127\.0\.0\.1 \(EADDRINUSE\)/,
    )
    await assertFound(
      found('ports', at(free, taken)),
      /^error \(admin\.port\) \d+ is in use on 127\.0\.0\.1 \(EADDRINUSE\)/,
    )
    const byName = at(free, taken)
    await assertFound(
      found('ports', { ...byName, admin: { ...byName.admin, host: 'localhost' } }),
      /^error \(admin\.port\) \d+ is in use on 127\.0\.0\.1 \(EADDRINUSE\)/,
    )
    const elsewhere = at(free, await freePort())
    const on = (host: string): Config => ({ ...elsewhere, listener: { ...elsewhere.listener, host } })
    await assertFound(
      found('ports', on('192.0.2.1')),
      /^error \(listener\.host\) this machine does not have 192\.0\.2\.1/,
    )
    await assertFound(
      found('ports', on('nowhere.invalid')),
      /^error \(listener\.host\) the name nowhere\.invalid does not resolve/,
    )
    // An address of a link without its interface.
    await assertFound(found('ports', on('fe80::1')), /^error \(listener\.host\) nothing can listen on fe80::1/)
  } finally {
    await new Promise(closed => occupant.close(closed))
  }
})

test('the ports of the Torhaus that runs are its own, also where the admin listener speaks TLS', async () => {
  using place = createPlace()
  const [cert, key] = [place.read('tls.crt'), place.read('tls.key')]
  const admin = createHttpsServer({ cert, key }, (_, response) => response.end('{"alive":true}'))
  try {
    const config = configIn(place.configFile)
    const tls = { certificateFile: place.file('tls.crt'), privateKeyFile: place.file('tls.key') }
    const port = await listen(admin, '127.0.0.1', 0)
    const running = { ...config, listener: { ...config.listener, port: await freePort() } }
    assert.deepEqual(await found('ports', { ...running, admin: { ...config.admin, port, tls } }), [])
  } finally {
    await closeServer(admin)
  }
})

test('bounds that the limit of descriptors lowers are named', async () => {
  using place = createPlace()
  const config = configIn(place.configFile)
  const wanting = { ...config, listener: { ...config.listener, maxTunnels: 1_000_000 } }
  const [finding = ''] = await found('descriptors', wanting)
  assert.match(finding, /\(upstream\.maxConnections\) the limit of file descriptors is \d+, so Torhaus lowers/)
})

test('a name that leads nowhere is named', async () => {
  using place = createPlace()
  const config = configIn(place.configFile)
  const local = { ...config, publicUrl: 'http://localhost', oidc: { ...onlyOf(config), issuer: 'http://127.0.0.1' } }
  await assertFound(
    found('names', { ...local, upstream: { ...config.upstream, url: 'https://tfs.torhaus.invalid' } }),
    /^error \(upstream\.url\) the name tfs\.torhaus\.invalid does not resolve from here/,
  )
})

test('an address that is left over from another time is named, where others of the name answer', async () => {
  using place = createPlace()
  const server = createServer(socket => socket.destroy())
  const port = await listen(server, '127.0.0.1', 0)
  const config = configIn(place.configFile)
  const url = `http://devops.example.com:${port}`
  const here = {
    ...config,
    publicUrl: url,
    upstream: { ...config.upstream, url },
    oidc: { ...onlyOf(config), issuer: url },
  }
  const findings = (...addresses: readonly string[]) =>
    namesExamination(async () => addresses)({
      ...{ ...system, config: here, environment: {}, account: undefined, slowSeconds: undefined, userId: 1000 },
    })
  try {
    assert.deepEqual(await findings('127.0.0.1'), [])
    const [finding] = await findings('127.0.0.1', '127.0.0.66')
    assert.equal(finding?.what, 'of the addresses of devops.example.com, nothing answers at 127.0.0.66')
  } finally {
    await new Promise(closed => server.close(closed))
  }
})

test('a clock that is ten minutes off is named, with whom it differs from', async () => {
  using place = createPlace()
  const server = createHttpServer((_, response) => response.end())
  const url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
  const config = configIn(place.configFile)
  const here = { ...config, upstream: { ...config.upstream, url }, oidc: { ...onlyOf(config), issuer: url } }
  try {
    assert.deepEqual(await found('clocks', here), [])
    const findings = await found('clocks', here, { now: () => Date.now() - 600_000 })
    assert.match(
      findings.join('\n'),
      /^error \(\) the clock of this machine is (599|600|601) s behind that of the OP$/m,
    )
    assert.match(findings.join('\n'), /^error \(\) .* s behind that of the origin server$/m)
  } finally {
    await closeServer(server)
  }
  assert.match((await found('clocks', here)).join(), /^skipped: neither the OP nor the origin server/)
})
