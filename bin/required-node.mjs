/**
 * Ends the process, in one line, where the Node that runs it is too old. Written so that an old one can read it. Imported by
 * `torhaus`, and before every script of npm that runs TypeScript.
 */
import { readFileSync } from 'node:fs'

const { devEngines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const required = devEngines.runtime.version.replace('>=', '')

if (isOlder(process.versions.node, required)) {
  process.stderr.write(
    `Torhaus needs Node ${required} or later, and this is ${process.versions.node}. ` +
      'Its own Node comes with `npm ci` on Linux, macOS and Windows, but not with `--omit=optional`.\n',
  )
  process.exit(1)
}

function isOlder(version, floor) {
  const [major, minor] = version.split('.').map(Number)
  const [floorMajor, floorMinor] = floor.split('.').map(Number)
  return major < floorMajor || (major === floorMajor && minor < floorMinor)
}
