/**
 * The same as `torhaus start`, for service managers that start Node themselves; also the program that the supervisor
 * starts as each worker. The version of Node is checked before anything is loaded that an older one cannot parse.
 */
import '../bin/early-signals.mjs'
import '../bin/required-node.mjs'
import cluster from 'node:cluster'
import { exitCode } from './exit-codes.ts'
import { missingPackage } from './process/missing-package.ts'

const args = process.argv.slice(2)
// Only the bundle has source maps; the sources need none.
if (import.meta.filename.endsWith('.js')) process.setSourceMapsEnabled(true)
// Only one of the two is loaded: the supervisor needs nothing of the proxy.
if (cluster.isWorker) (await import('./process/worker.ts').catch(giveUp)).runWorker()
else await (await import('./cli/torhaus.ts')).runTorhaus(args[0] === '--version' ? args : ['start', ...args])

/** Tells the supervisor which package is missing; otherwise, each worker would print a stack trace of its own. */
function giveUp(error: unknown): Promise<never> {
  const message = missingPackage(error)
  if (message === undefined || process.send === undefined) throw error
  process.send({ kind: 'failed', message }, undefined, {}, () => process.exit(exitCode.failed))
  return new Promise(() => undefined)
}
