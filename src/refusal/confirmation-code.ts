/** The code of a confirmation link as people read it: `BCDF-GHJK`. */
export const formatConfirmationCode = (code: string) => `${code.slice(0, 4)}-${code.slice(4)}`
