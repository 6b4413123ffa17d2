#!/usr/bin/env node
/**
 * The command `torhaus`. Whatever Node a person has may run this file: it goes on in the Node that comes with the packages, or,
 * where that was left out (a container has one already), in the one that runs it.
 */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const isWindows = process.platform === 'win32'
// The package of this platform, whose hash package-lock.json has; on one without, whoever runs this file must be new enough.
const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
const ownPackage = `${prefix}-${isWindows ? 'win' : process.platform}-${process.arch}`
const ownNode = join(root, 'node_modules', ownPackage, 'bin', isWindows ? 'node.exe' : 'node')

// What is shipped has the bundle alone; a clone runs its sources, whatever `npm run build` has left there.
const isBundle = !existsSync(join(root, 'src'))

if (!isBundle && root.split(sep).includes('node_modules'))
  refuse(`Torhaus cannot run below node_modules, where Node strips no types: run it from a clone, not from ${root}.`)
else if (!existsSync(join(root, 'node_modules')))
  refuse(`The packages of Torhaus are missing: run \`npm ci\` in ${root}.`)
else if (isBundle && !existsSync(join(root, 'dist', 'torhaus.js')))
  refuse(`Torhaus is not whole: ${join(root, 'dist')} is missing. Install this version anew.`)
else if (existsSync(ownNode) && realpathSync(ownNode) !== realpathSync(process.execPath)) goOnIn(ownNode)
else {
  if (process.argv[2] === 'start') await import('./early-signals.mjs')
  await import('./required-node.mjs')
  if (isBundle) process.setSourceMapsEnabled(true)
  const { runTorhaus } = await import(isBundle ? '../dist/torhaus.js' : '../src/cli/torhaus.ts')
  await runTorhaus(process.argv.slice(2))
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
}

function goOnIn(node) {
  const args = [...process.execArgv, ...process.argv.slice(1)]
  // Becomes the other Node, under the same process id, so that signals need nobody to pass them on.
  if (!isWindows && process.execve !== undefined) process.execve(node, [node, ...args])
  // In a group of its own, so that Ctrl-C, which goes to a whole group, does not arrive twice. Windows has no signals to pass on:
  // all at a console hear of what happens there.
  const child = spawn(node, args, { stdio: 'inherit', detached: !isWindows })
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', ...(isWindows ? ['SIGBREAK'] : [])]
  for (const signal of signals)
    process.on(signal, () => {
      if (!isWindows) child.kill(signal)
    })
  child.on('error', error => refuse(`${node} cannot be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    if (signal !== null) process.kill(process.pid, signal)
    else process.exitCode = code
  })
}
