/** Advice if Node does not find the file of an import: packages were installed in part, or files were lost. */

const WHAT = /^Cannot find (?:package|module) '([^']+)'/
const PACKAGE = /^(?:.*[\\/])?node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)|^((?:@[\w.-]+\/)?[\w.-]+)(?:\/|$)/

/** Undefined: another kind of error. */
export function missingPackage(error: unknown): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return undefined
  const [, what = 'a file'] = WHAT.exec(message) ?? []
  const [, installed, named] = PACKAGE.exec(what) ?? []
  const name = installed ?? named
  return name === undefined
    ? `${what} of Torhaus is missing: install this version anew`
    : `the package ${name} is missing: run \`npm ci\` in the folder of Torhaus`
}
