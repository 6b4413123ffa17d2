/**
 * Whether a Via value (RFC 9110 7.6.3: `protocol name (comment)`, separated by commas) contains `own`, with any
 * protocol, which differs between hops. It takes one pass without splitting the value, because clients may write any
 * number of hops.
 */
export function viaTest(own: string): (via: string) => boolean {
  const [, name = ''] = own.split(' ')
  const hop = new RegExp(`(?:^|,)[ \\t]*[^ \\t,]+[ \\t]+${RegExp.escape(name)}(?=[ \\t,]|$)`, 'i')
  return via => hop.test(via)
}
