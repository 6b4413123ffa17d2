/** What does it cost to write the fields of a request for the upstream: as a list, and as the text that is sent? */
import { bench, do_not_optimize, group } from 'mitata'
import { fieldLines } from '../../src/http/field-lines.ts'
import { forwardedFields } from '../../src/upstream/forwarded-fields.ts'
import { createPolicyUnderTest, decide } from './policy-parts.ts'

const { policy, arrivals, close } = await createPolicyUnderTest()
export const undo = close

const settings = {
  upstreamHost: 'tfs.internal.example.test',
  publicHost: 'devops.example.test',
  publicScheme: 'https',
  viaName: '1.1 torhaus',
  ownCookies: ['__Host-Http-torhaus', '__Host-Http-torhaus-sign-in', '__Host-torhaus', '__Host-torhaus-sign-in'],
}
const browser = await decide(policy, arrivals.session)
const git = await decide(policy, arrivals.pat)

group('forwarded fields', () => {
  bench('browser with a session', () => do_not_optimize(forwardedFields(browser, settings)))
  bench('git with a personal access token', () => do_not_optimize(forwardedFields(git, settings)))
  bench('browser, as text', () => do_not_optimize(fieldLines(forwardedFields(browser, settings))))
})
