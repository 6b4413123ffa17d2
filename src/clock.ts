/** Milliseconds since the epoch; a parameter wherever time decides, so that tests can move it. */
export type Clock = () => number
