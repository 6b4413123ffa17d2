/**
 * Whether a value of Via (RFC 9110 7.6.3: `protocol name (comment)`, separated by commas) has `own` in it, whatever the
 * protocol: that differs from hop to hop. One walk, without taking the value apart: clients may write as many hops as
 * they like.
 */
export function viaTest(own: string): (via: string) => boolean {
  const [, name = ''] = own.split(' ')
  const hop = new RegExp(`(?:^|,)[ \\t]*[^ \\t,]+[ \\t]+${RegExp.escape(name)}(?=[ \\t,]|$)`, 'i')
  return via => hop.test(via)
}
