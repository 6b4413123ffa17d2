/** Rules that decide nothing, and networks that anybody can be in: it starts, and is not what was meant. */
import type { Mistake } from './mistake.ts'

export const ruleMistakes: readonly Mistake[] = [
  {
    what: 'a rule below one that fits everything',
    make: place =>
      place.edit(
        'acceptAcr: [mfa]',
        "acceptAcr: [mfa]\n  rules:\n    - { name: everybody, when: {}, require: second-factor }\n    - { name: admin, when: { path: '/admin/.*' }, require: refuse }",
      ),
    says: ['warning: secondFactor.rules[1]: comes too late: everybody, above it, fits whatever it fits'],
    isWarning: true,
  },
  {
    what: 'a rule on a path without its slash',
    make: place =>
      place.edit(
        'acceptAcr: [mfa]',
        "acceptAcr: [mfa]\n  rules: [{ name: admin, when: { path: 'admin/.*' }, require: refuse }]",
      ),
    says: [
      'warning: secondFactor.rules[0].when.path: fits nothing: it must match the whole path, which begins with a slash',
    ],
    isWarning: true,
  },
  {
    what: 'people among the proxies that are believed',
    make(place) {
      place.edit('  tls: { certificateFile', '  trustedProxies: [10.0.0.0/8]\n  tls: { certificateFile')
      place.edit(
        'acceptAcr: [mfa]',
        'acceptAcr: [mfa]\n  rules: [{ name: office, reason: smart cards, when: { networks: [10.5.0.0/16] }, require: first-factor }]',
      )
    },
    says: [
      'warning: secondFactor.rules[0].when.networks: 10.5.0.0/16 is within 10.0.0.0/8 of listener.trustedProxies, where everybody is believed about the address they come from: list the proxies there, and no networks of people',
    ],
    isWarning: true,
  },
  {
    what: 'TLS that ends at a balancer, and no balancer that is believed',
    make: place => place.edit('  tls: { certificateFile: tls.crt, privateKeyFile: tls.key }', '  workers: 2'),
    says: [
      'warning: listener.trustedProxies: is empty, and who ends TLS for publicUrl is another program: every client has its address, so rules by network, limits and confirmations take all of them for one; list the address it comes from',
    ],
    isWarning: true,
  },
]
