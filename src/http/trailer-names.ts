/**
 * Fields that only have a meaning before the content (RFC 9110 6.5.1): framing, routing, conditions, credentials, the
 * type of the content, who may store or read it. Rules do not see trailers, and a server that merges trailers into the
 * head (CVE-2013-5704) would act on these.
 */
const OF_THE_HEAD: ReadonlySet<string> = new Set([
  ...['accept', 'age', 'alt-svc', 'authorization', 'cache-control', 'clear-site-data', 'content-disposition'],
  ...['content-encoding', 'content-language', 'content-length', 'content-location', 'content-range', 'content-type'],
  ...['cookie', 'cookie2', 'date', 'expect', 'expires', 'from', 'host', 'location', 'max-forwards', 'origin', 'pragma'],
  ...['prefer', 'range', 'referer', 'referrer-policy', 'refresh', 'retry-after', 'set-cookie', 'set-cookie2'],
  ...['soapaction', 'strict-transport-security', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent', 'vary'],
  ...['via', 'warning', 'www-authenticate', 'x-content-type-options', 'x-frame-options', 'x-requested-with'],
])
const PREFIXES = ['accept-', 'access-control-', 'content-security-policy', 'cross-origin-', 'if-', 'proxy-', 'sec-']

/** `name`: in lower case. */
export const belongsToHead = (name: string): boolean =>
  OF_THE_HEAD.has(name) || PREFIXES.some(prefix => name.startsWith(prefix))
