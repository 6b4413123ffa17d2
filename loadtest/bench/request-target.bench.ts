/**
 * What does reading the target cost, plain and where it can be read in several ways: seen before, and for the first
 * time?
 */
import { bench, do_not_optimize, group } from 'mitata'
import { pathReadings } from '../../src/http/path-readings.ts'
import { parseRequestTarget } from '../../src/http/request-target.ts'

const host = 'devops.example.test'
const targets = {
  'plain path': '/DefaultCollection/_apis/wit/workitems/4711?api-version=7.1',
  'percent-encoded': '/DefaultCollection/My%20Project/_git/demo/info/refs?service=git-upload-pack',
  ambiguous: '/DefaultCollection/./a/%2e%2e/b;c=1//d',
  'absolute-form': `http://${host}/DefaultCollection/_apis/whoami`,
}

function readAll(target: string) {
  const parsed = parseRequestTarget(target, 'GET', host)
  return typeof parsed === 'string' ? parsed : pathReadings(parsed.path)
}

group('request target', () => {
  for (const [what, target] of Object.entries(targets)) bench(what, () => do_not_optimize(readAll(target)))
  let count = 0
  bench('percent-encoded, each another', () => do_not_optimize(readAll(`/group%2Fproject/${count++}`)))
  const hostile = '%255c%ef%bc%8f%252e%252e'.repeat(330)
  bench('8 KB of what nobody means, each another', () => do_not_optimize(readAll(`/${count++}${hostile}`)))
})
