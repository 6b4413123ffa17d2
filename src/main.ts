/** `npm start -- --config FILE` */
import './thread-pool.ts'
import { parseArgs } from 'node:util'
import { printProblems } from '../config/check.ts'
import { loadConfig } from '../config/load.ts'
import { createLog, openLogOutput } from './log.ts'
import { startTorhaus } from './torhaus.ts'

const EXIT_USAGE = 2
const EXIT_CONFIG = 78 // EX_CONFIG of sysexits(3)

function configFile(): string {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } })
    if (values.config !== undefined) return values.config
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
  }
  process.stderr.write('usage: npm start -- --config FILE\n')
  process.exit(EXIT_USAGE)
}

const fileName = configFile()
const loaded = loadConfig(fileName, process.env)
if (!loaded.ok) {
  process.stderr.write(printProblems(fileName, loaded.problems))
  process.exit(EXIT_CONFIG)
}

const output = openLogOutput()
const log = createLog(loaded.config.logging, output)
const torhaus = await startTorhaus(loaded.config, log).catch((error: Error) => {
  output.flushSync()
  process.stderr.write(`Torhaus cannot start: ${error.message}\n`)
  process.exit(1)
})
log.info({ 'event.action': 'start', 'server.port': torhaus.proxyPort, 'torhaus.admin_port': torhaus.adminPort })

let signals = 0
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    signals++
    log.info({ 'event.action': signals === 1 ? 'drain' : 'kill', 'torhaus.signal': signal })
    // The first signal lets requests in flight finish; the second one is a person in a hurry.
    void (signals === 1 ? torhaus.drain() : torhaus.kill()).then(() => {
      output.flushSync()
      process.exit(0)
    })
  })
}
