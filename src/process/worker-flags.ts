/** How Node runs a worker: as this process, and without a warning of vm.measureMemory, by which memory is given back. */
export const workerFlags = (inherited: readonly string[]): string[] => [
  ...inherited,
  '--disable-warning=ExperimentalWarning',
]
