/** Whether one process takes requests, as `/readyz` tells. */
export interface Readiness {
  readonly ready: boolean
  /** Parts and how they are; shown at /readyz. */
  readonly parts: Readonly<Record<string, string>>
}
