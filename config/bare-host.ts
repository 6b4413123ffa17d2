/** Of a URL or a Host field: an IPv6 address without its brackets (RFC 3986 3.2.2), as sockets and certificates take it. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
