/**
 * Shapes of tokens that the origin server checks. A shape proves nothing, because the server decides; it only selects
 * who judges the token.
 */

/**
 * Azure DevOps: 52 characters of base32, or the 84 characters with a signature in them (strict, and as the server
 * accepts it).
 */
const azureDevOps = [
  /^[a-z2-7]{52}$/,
  /^[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9][A-L][A-Za-z0-9]{12}AAAAAZDO[A-Za-z0-9]{4}$/,
  /^[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}$/,
]

const gitLab = [
  /^glpat-[\w-]{20}$/,
  /^glpat-[0-9a-zA-Z_-]{27,300}\.[0-9a-z]{9}$/,
  /^gldt-[\w-]{20}$/,
  /^glcbt-[0-9a-zA-Z]{1,5}_[\w-]{20}$/,
  /^glcbt-ey[\w-]{10,2000}\.[\w-]{10,4000}\.[\w-]{10,2000}$/,
]

const shapes = {
  'azure-devops': azureDevOps,
  gitlab: gitLab,
  gitea: [/^[0-9a-f]{40}$/],
  bitbucket: [/^BBDC-[\w+/=-]{20,100}$/],
} as const

export type TokenShape = keyof typeof shapes

/** A test for tokens of these kinds. */
export function tokenShapeTest(kinds: readonly TokenShape[]): (token: string) => boolean {
  const patterns = kinds.flatMap(kind => shapes[kind])
  return token => patterns.some(pattern => pattern.test(token))
}
