/** What is kept of a run of contents: plain JSON. */
export interface ContentsRound {
  readonly exchanges: number
  readonly seconds: number
  /** Of all processes of Torhaus, once nothing is held for anybody any more. */
  readonly residentMb: number
  readonly heapMb: number
  readonly externalMb: number
}

export interface ContentsResult {
  readonly kind: 'contents'
  readonly description: string
  readonly rounds: readonly ContentsRound[]
  /** Octets that were not as they were sent, answers of others, and what was still held in the end. */
  readonly mistakes: readonly string[]
}
