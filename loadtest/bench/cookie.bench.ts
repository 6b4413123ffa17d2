/** What does it cost to find our cookie among those of the server, and to take it out? */
import { bench, do_not_optimize, group } from 'mitata'
import { readCookie, withoutCookies } from '../../src/http/cookie.ts'

const own = `__Host-Http-torhaus=${'A'.repeat(43)}`
const others = Array.from({ length: 12 }, (_, index) => `server-cookie-${index}=${'v'.repeat(40)}`).join('; ')
const names = ['__Host-Http-torhaus', '__Host-Http-torhaus-sign-in', '__Host-torhaus', '__Host-torhaus-sign-in']
const fields = { alone: own, 'last of 13': `${others}; ${own}`, 'absent of 12': others }

group('cookie', () => {
  for (const [where, field] of Object.entries(fields)) {
    bench(`read, ${where}`, () => do_not_optimize(readCookie(field, '__Host-Http-torhaus')))
    bench(`take out, ${where}`, () => do_not_optimize(withoutCookies(field, names)))
  }
})
