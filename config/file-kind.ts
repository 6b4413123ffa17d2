/** What a file holds, told from its bytes, for whoever has taken the wrong one. */
import { createPrivateKey, X509Certificate } from 'node:crypto'

const table = {
  empty: { holds: 'is empty', remedy: '' },
  'utf-16': { holds: 'is text in UTF-16', remedy: 'save it as UTF-8, without a byte order mark' },
  marked: { holds: 'begins with a byte order mark', remedy: 'save it as UTF-8, without a byte order mark' },
  certificate: { holds: 'contains a certificate', remedy: '' },
  'private-key': { holds: 'contains a private key', remedy: '' },
  'public-key': { holds: 'contains a public key', remedy: '' },
  'encrypted-key': {
    holds: 'contains an encrypted private key',
    remedy: 'remove the password, and protect the file by its mode: `openssl pkey -in OLD -out NEW`',
  },
  'certificate-request': {
    holds: 'contains a certificate request',
    remedy: 'send it to your authority, and use the certificate that it issues',
  },
  'der-certificate': {
    holds: 'contains a certificate in DER',
    remedy: 'convert it to PEM: `openssl x509 -inform DER -in OLD -out NEW`',
  },
  'der-key': {
    holds: 'contains a private key in DER',
    remedy: 'convert it to PEM: `openssl pkey -inform DER -in OLD -out NEW`',
  },
  pkcs12: {
    holds: 'is a PKCS#12 archive (.pfx, .p12)',
    remedy:
      'use the option pkcs12File if there is one, or split the archive: `openssl pkcs12 -in OLD -nokeys -out CERTIFICATE` and `openssl pkcs12 -in OLD -nocerts -noenc -out KEY`',
  },
  hexadecimal: { holds: 'contains hexadecimal digits', remedy: '' },
  text: { holds: 'contains something else', remedy: '' },
  binary: { holds: 'contains bytes that are not text', remedy: '' },
} as const

export type FileKind = keyof typeof table

const UTF_16_MARKS = ['fffe', 'feff']
const UTF_8_MARK = 'efbbbf'
/** DER (X.690 8.1.2): a SEQUENCE; in PKCS#12 its first member is the INTEGER 3 (RFC 7292 4). */
const SEQUENCE = 0x30
const PKCS12_VERSION = '020103'

export function fileKind(bytes: Buffer): FileKind {
  if (bytes.length === 0) return 'empty'
  if (UTF_16_MARKS.includes(bytes.toString('hex', 0, 2))) return 'utf-16'
  if (bytes[0] === SEQUENCE && bytes.includes(0)) return derKind(bytes)
  // ASCII in UTF-16 without a mark: every other byte is zero.
  if (bytes.length > 3 && bytes.every((byte, at) => byte === 0 || at % 2 === 0) && bytes.includes(0)) return 'utf-16'
  if (bytes.toString('hex', 0, 3) === UTF_8_MARK) return 'marked'
  if (/[^\t\n\r\x20-\x7e\x80-\xff]/.test(bytes.toString('latin1'))) return 'binary'
  return textKind(bytes.toString('latin1'))
}

/** `holds an encrypted private key, and must hold X: what to do`. */
export function wrongFile(kind: FileKind, must: string): string {
  const { holds, remedy } = table[kind]
  return `${holds}, but ${must}${remedy === '' ? '' : `: ${remedy}`}`
}

function textKind(text: string): FileKind {
  // `openssl ecparam -genkey` writes the parameters before the key.
  const [, label] = /^-----BEGIN (?!EC PARAMETERS-)([A-Z0-9 ]+)-----\s*$/m.exec(text) ?? []
  if (label === undefined) return /^\s*(?:[0-9a-f]{2})+\s*$/i.test(text) ? 'hexadecimal' : 'text'
  if (label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(text)) return 'encrypted-key'
  if (label.endsWith('PRIVATE KEY')) return 'private-key'
  if (label.endsWith('PUBLIC KEY')) return 'public-key'
  if (label.endsWith('CERTIFICATE REQUEST')) return 'certificate-request'
  return label === 'CERTIFICATE' ? 'certificate' : 'text'
}

function derKind(bytes: Buffer): FileKind {
  if (opens(() => new X509Certificate(bytes))) return 'der-certificate'
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const)
    if (opens(() => createPrivateKey({ key: bytes, format: 'der', type }))) return 'der-key'
  return bytes.toString('hex', 0, 16).includes(PKCS12_VERSION) ? 'pkcs12' : 'binary'
}

function opens(open: () => unknown): boolean {
  try {
    open()
    return true
  } catch {
    return false
  }
}
