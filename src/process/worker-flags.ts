/** Node's flags for workers: those of this process, and no warning about vm.measureMemory (`give-back.ts`). */
export const workerFlags = (inherited: readonly string[]): string[] => [
  ...inherited,
  '--disable-warning=ExperimentalWarning',
]
