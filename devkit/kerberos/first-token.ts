import { type TokenSource, tokenTemplate } from '../../src/kerberos/protocol/token-template.ts'

/** The octets of one token from a service ticket. */
export const firstToken = (ticket: TokenSource): Buffer => octetsOf(tokenTemplate(ticket)(Date.now()))

/** As acceptors take them, of what goes behind `Negotiate`. */
export const octetsOf = (token: string): Buffer => Buffer.from(token, 'base64')
