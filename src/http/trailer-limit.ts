/**
 * Most trailer fields of one message: they are for what is known only at the end, such as a checksum (RFC 9110 6.5.1).
 */
export const MAX_TRAILER_FIELDS = 100
