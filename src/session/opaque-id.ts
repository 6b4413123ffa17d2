import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits; RFC 6749 10.10 requires at least 128. */
export const newOpaqueId = () => randomBytes(32).toString('base64url')

const OPAQUE_ID = /^[\w-]{43}$/

export const isOpaqueId = (text: string) => OPAQUE_ID.test(text)

/** The hash under which the store keeps an id. */
export const keyOf = (id: string) => createHash('sha256').update(id).digest('base64url')
