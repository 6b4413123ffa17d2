/** A real rsyslogd with `monitoring/elastic/rsyslog.conf`, its paths and address moved to those of a test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const SHIPPED = join(import.meta.dirname, '../../monitoring/elastic/rsyslog.conf')

export interface Rsyslog {
  stop(): Promise<void>
}

/** `logs`: where the files are that it reads; `store`: the address of the bulk API. */
export async function startRsyslog(directory: string, logs: string, store: string): Promise<Rsyslog> {
  const config = (await readFile(SHIPPED, 'utf8'))
    .replaceAll('/var/log/torhaus', logs)
    .replace('https://elasticsearch.example:9200', store)
  const file = join(directory, 'rsyslog.conf')
  await writeFile(file, `global(workDirectory="${directory}")\n${config}`)
  const child = spawn('rsyslogd', ['-n', '-f', file, '-i', join(directory, 'rsyslog.pid')], { stdio: 'ignore' })
  await once(child, 'spawn')
  return { stop: () => stopped(child) }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(killer)
}
