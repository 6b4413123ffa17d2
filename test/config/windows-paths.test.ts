/** What configurations from Windows have that others have not: backslashes, drive letters, UTF-16 and byte order marks. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readGroupsFile } from '../../config/groups-file.ts'
import { loadConfig, parseConfig } from '../../config/load.ts'
import { listenError } from '../../src/listener/listen-problem.ts'

const folder = mkdtempSync(join(tmpdir(), 'torhaus-windows-paths-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const messagesOf = (source: string) => {
  const loaded = parseConfig(source, folder, {})
  return loaded.ok ? [] : loaded.diagnostics.map(({ line, message }) => `${line} ${message}`)
}
const keyFile = (written: string) => `publicUrl: https://devops.example.com\noidc:\n  clientSecretFile: ${written}\n`

test('a backslash in double quotes is told as what it is, with the remedy', () => {
  const single = 'put a Windows path in single quotes'
  const [unknown] = messagesOf(keyFile(String.raw`"C:\ProgramData\keys\secret"`))
  assert.equal(unknown, `3 has a backslash in double quotes, where it starts an escape sequence: ${single}, or in none`)
  const tab = messagesOf(keyFile(String.raw`"C:\torhaus\n"`)).find(message => message.startsWith('3 '))
  assert.ok(tab?.endsWith(`does not exist: ${single}, where a backslash has no special meaning`), tab ?? 'nothing')
})

test('a path of Windows in single quotes, or in none, keeps its backslashes', () => {
  for (const quote of ["'", '']) {
    const found = messagesOf(keyFile(`${quote}C:\\torhaus\\new\\secret${quote}`))
    assert.ok(
      found.some(message => message.includes(String.raw`C:\torhaus\new\secret does not exist`)),
      found.join('\n'),
    )
  }
})

test('a configuration with a byte order mark is read, one in UTF-16 refused in words', () => {
  const fileName = join(folder, 'torhaus.yaml')
  const problems = (bytes: string | Buffer) => {
    writeFileSync(fileName, bytes)
    const loaded = loadConfig(fileName, {})
    return loaded.ok ? [] : loaded.diagnostics.map(({ message }) => message)
  }
  const text = 'publicUrl: https://devops.example.com\r\nlistener:\r\n  port: 70000\r\n'
  assert.deepEqual(problems(`\ufeff${text}`), problems(text))
  assert.ok(problems(text).every(message => !message.includes('publicUrl')))
  // As `>` of Windows PowerShell writes it.
  const [first, ...rest] = problems(Buffer.from(`\ufeff${text}`, 'utf16le'))
  assert.deepEqual([first, rest], ['is in UTF-16, or is not text: save it as UTF-8', []])
})

test('a file of groups in UTF-16 is refused in words, one with a byte order mark is read', () => {
  const fileName = join(folder, 'groups.yaml')
  const text = 'staff: [ada, bob]\r\n'
  writeFileSync(fileName, Buffer.from(`\ufeff${text}`, 'utf16le'))
  assert.throws(() => readGroupsFile(fileName), {
    message: `the file ${fileName} is in UTF-16, or is not text: save it as UTF-8`,
  })
  writeFileSync(fileName, `\ufeff${text}`)
  assert.deepEqual([...readGroupsFile(fileName)], [['staff', ['ada', 'bob']]])
})

test('a port that Windows keeps, or that is taken, is said with a command that Windows has', () => {
  const said = (code: string) => {
    const error = Object.assign(new Error(code), { code })
    return listenError(error, { section: 'listener', host: '127.0.0.1', port: 8080 }, 'win32').message
  }
  assert.match(said('EACCES'), /^listener\.port: 8080 .*`netsh interface ipv4 show excludedportrange tcp`/)
  assert.match(said('EADDRINUSE'), /`netstat -abno`/)
  assert.match(said('EADDRNOTAVAIL'), /`ipconfig`/)
})
