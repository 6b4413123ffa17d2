/** What does filtering the fields of a response cost? */
import { bench, do_not_optimize, group } from 'mitata'
import { ResponseFieldFilter } from '../../src/http/response-fields.ts'
import { SessionCookies } from '../../src/session/session-cookie.ts'
import { responseFields } from './request-samples.ts'

const publicUrl = 'https://devops.example.test'
const filter = new ResponseFieldFilter(publicUrl, 'http://10.0.0.5:8080', new SessionCookies(publicUrl).names)
const redirect = ['Location', 'http://10.0.0.5:8080/DefaultCollection/', ...responseFields]

group('response fields', () => {
  bench('page, 12 lines', () => do_not_optimize(filter.filter(responseFields)))
  bench('redirect to itself', () => do_not_optimize(filter.filter(redirect)))
})
