/** What does reading the target cost, plain and where it has to be normalised? */
import { bench, do_not_optimize, group } from 'mitata'
import { parseRequestTarget } from '../../src/http/request-target.ts'

const host = 'devops.example.test'
const targets = {
  'plain path': '/DefaultCollection/_apis/wit/workitems/4711?api-version=7.1',
  'percent-encoded': '/DefaultCollection/My%20Project/_git/demo/info/refs?service=git-upload-pack',
  ambiguous: '/DefaultCollection/./a/%2e%2e/b;c=1//d',
  'absolute-form': `http://${host}/DefaultCollection/_apis/whoami`,
}

group('request target', () => {
  for (const [what, target] of Object.entries(targets))
    bench(what, () => do_not_optimize(parseRequestTarget(target, 'GET', host)))
})
