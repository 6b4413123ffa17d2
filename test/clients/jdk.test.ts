/**
 * The JDK's own client, which Maven, Gradle and Team Explorer Everywhere are built on: it accepts HTML, and is no
 * browser.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const PROGRAM = `
public class Ask {
  public static void main(String[] args) throws Exception {
    var connection = (java.net.HttpURLConnection) new java.net.URL(args[0]).openConnection();
    System.out.println(connection.getResponseCode() + " " + connection.getURL() + " " + connection.getHeaderFields().get("WWW-Authenticate"));
  }
}
`

test('HttpURLConnection without credentials gets 401 with challenges, and not the page of the OP', async () => {
  const proxy = await startProxy()
  const folder = await mkdtemp(join(tmpdir(), 'torhaus-jdk-'))
  try {
    const file = join(folder, 'Ask.java')
    await writeFile(file, PROGRAM)
    const url = `${proxy.fixture.url}/maven2/com/example/example.pom`
    const said = await runCommand('java', [file, url], { timeoutMs: 60_000 })
    assert.match(said, new RegExp(`^401 ${RegExp.escape(url)} `))
    assert.match(said, /Bearer realm=".*Basic realm="|Basic realm=".*Bearer realm="/)
  } finally {
    await rm(folder, { recursive: true, force: true })
    await proxy.close()
  }
})
