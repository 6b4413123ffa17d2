/**
 * Commands of Redis that one operation of a store takes, those within scripts included, as INFO commandstats counts them.
 * `test/redis/command-costs.test.ts` holds each against a Redis.
 */
export const COMMANDS = {
  readSession: 1,
  /** Marks of everything that ended, read once a second while sessions are read. */
  readEndings: 2,
  touchSession: 7,
  claimRefresh: 4,
  saveRefresh: 3,
  readPat: 2,
  /** A token that was used in a network or by a class for the first time in an hour. */
  recordUse: 9,
  /** Of many tokens at once: one for each shard that has one of them. */
  noteUses: 16,
  confirmationsFor: 1,
  findGrant: 1,
  /** A look at what one server tells: a mark written and found. */
  ask: 2,
} as const
