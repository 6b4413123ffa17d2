/**
 * Maximum number of trailer fields per message. Trailers are for what is only known at the end, such as a checksum
 * (RFC 9110 6.5.1).
 */
export const MAX_TRAILER_FIELDS = 100
