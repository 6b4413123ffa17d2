/** Rules that decide nothing, and networks that anybody can be in: it starts, and is not what was meant. */
import type { Mistake } from './mistake.ts'

export const ruleMistakes: readonly Mistake[] = [
  {
    what: 'a rule below one that matches everything',
    make: place =>
      place.edit(
        'acceptAcr: [mfa]',
        "acceptAcr: [mfa]\n  rules:\n    - { name: everybody, when: {}, require: second-factor }\n    - { name: admin, when: { path: '/admin/.*' }, require: refuse }",
      ),
    says: ['warning: secondFactor.rules[1]: is never reached: everybody, above it, matches everything that it matches'],
    isWarning: true,
  },
  {
    what: 'a rule on a path without its leading slash',
    make: place =>
      place.edit(
        'acceptAcr: [mfa]',
        "acceptAcr: [mfa]\n  rules: [{ name: admin, when: { path: 'admin/.*' }, require: refuse }]",
      ),
    says: [
      'warning: secondFactor.rules[0].when.path: never matches, because it must match the whole path, which begins with a slash',
    ],
    isWarning: true,
  },
  {
    what: 'networks with users among the trusted proxies',
    make(place) {
      place.edit('  tls: { certificateFile', '  trustedProxies: [10.0.0.0/8]\n  tls: { certificateFile')
      place.edit(
        'acceptAcr: [mfa]',
        'acceptAcr: [mfa]\n  rules: [{ name: office, reason: smart cards, when: { networks: [10.5.0.0/16] }, require: first-factor }]',
      )
    },
    says: [
      'warning: secondFactor.rules[0].when.networks: 10.5.0.0/16 is within 10.0.0.0/8 of listener.trustedProxies, where every peer is trusted to name the client address: list only the proxies there, not networks with users',
    ],
    isWarning: true,
  },
  {
    what: 'TLS that is terminated by a balancer that is not a trusted proxy',
    make: place => place.edit('  tls: { certificateFile: tls.crt, privateKeyFile: tls.key }', '  workers: 2'),
    says: [
      'warning: listener.trustedProxies: is empty, but another program terminates TLS for publicUrl: every client seems to have its address, so rules by network, limits and confirmations treat all clients as one; list the address of that program',
    ],
    isWarning: true,
  },
]
