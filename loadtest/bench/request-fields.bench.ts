/** What does walking the fields of a request cost? */
import { bench, do_not_optimize, group } from 'mitata'
import { RequestFieldReader } from '../../src/http/request-fields.ts'
import { browserFields, gitFields, patAuthorization } from './request-samples.ts'

const reader = new RequestFieldReader(['X-Torhaus-Assertion'], 200)
const git = [...gitFields, 'Authorization', patAuthorization]
const namesConnection = ['Connection', 'keep-alive, X-Hop', 'X-Hop', '1', ...git]

group('request fields', () => {
  bench('browser, 17 lines', () => do_not_optimize(reader.read(browserFields)))
  bench('git, 7 lines', () => do_not_optimize(reader.read(git)))
  bench('git, a field named in Connection', () => do_not_optimize(reader.read(namesConnection)))
})
