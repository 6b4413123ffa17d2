/** Debian packages that the portal needs as an OP with TOTP. */
export const lemonldapPackages = [
  ...['lemonldap-ng', 'libplack-perl', 'libconvert-base32-perl', 'libstring-random-perl'],
  'libio-string-perl',
  ...['libcrypt-openssl-bignum-perl', 'libcrypt-openssl-rsa-perl', 'libdigest-hmac-perl', 'libmime-tools-perl'],
]
