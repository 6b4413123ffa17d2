/** What a request makes that outlives the sign-in it was made with. */
export type LastingKind =
  | 'token'
  | 'ssh-key'
  | 'oauth-application'
  | 'deploy-key'
  | 'service-hook'
  | 'member'
  | 'runner'
  | 'account'

/** These let their holder act as the person: a personal access token must not create another one. */
export const CREDENTIALS: readonly LastingKind[] = ['token', 'ssh-key', 'oauth-application']

export interface LastingRight {
  readonly kind: LastingKind
  /**
   * Segments of a path, wherever they stand in it, with everything below; `*` is any one. Letter case makes no
   * difference. With `^` at its beginning: only where the path of the product begins, below a context path that
   * has no segment of a product's own. With `$` at its end: nothing below.
   */
  readonly path: string
  /** Deleting it gives rights, too: it keeps somebody from something. */
  readonly byDeleting?: true
  /** Looking at it makes one already. Only programs are held to that: a browser's person is asked by the page. */
  readonly byReading?: true
  /** The query or the content must match as well; content that cannot be read counts as matching. */
  readonly content?: RegExp
  /** Programs are held to it, and browsers not: pages of the server send such requests all the time. */
  readonly programsOnly?: true
}

/** Lists of one product. */
export interface ProductRights {
  readonly rights: readonly LastingRight[]
  /**
   * Pages on which people make them, as in `path`: a browser that comes to one proves the second factor before, not
   * after.
   */
  readonly pages: readonly string[]
}

export const all = (kind: LastingKind, paths: readonly string[]): readonly LastingRight[] =>
  paths.map(path => ({ kind, path }))

/** Of branches, tags and the like. */
export const protections = (paths: readonly string[]): readonly LastingRight[] =>
  paths.map(path => ({ kind: 'member', path, byDeleting: true }))
