/** Longest return path kept, in characters; beyond it, people land on the start page. */
export const MAX_RETURN_PATH_LENGTH = 4096

// Anything a browser or an intermediary might read as the start of another authority, or drop before reading:
// backslash, white space and control characters, in the path also encoded; a second slash.
const UNSAFE = /^\/[\\/]|^\/%(2f|5c)|[\x00-\x20\x7f-\uffff\\]|^[^?]*%(0[0-9a-f]|1[0-9a-f]|7f)/i

/**
 * The target after sign-in: a path on this host, or `/` for anything else (RFC 9700 4.11: no open redirect). External
 * input is never turned into an absolute URL.
 */
export function safeReturnPath(wanted: string | null, publicOrigin: string): string {
  if (wanted === null || wanted.length > MAX_RETURN_PATH_LENGTH || !wanted.startsWith('/') || UNSAFE.test(wanted))
    return '/'
  return URL.parse(wanted, publicOrigin)?.origin === publicOrigin ? wanted : '/'
}
