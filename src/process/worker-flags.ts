/**
 * How Node runs a worker. A young generation of twice 16 MB, where V8 takes up to 32 of its own accord, is 15 to 30 MB less under load and
 * costs no processor time; 8 costs 7 % (docs/performance/README.md).
 */
const YOUNG_MB = 16
const YOUNG = '--max-semi-space-size'

/** Those of this process, and ours where the operator has not chosen: `inherited`, and NODE_OPTIONS of the environment. */
export function workerFlags(inherited: readonly string[], nodeOptions = ''): string[] {
  // V8 takes either sign.
  const isChosen = [...inherited, nodeOptions].some(text => text.replaceAll('_', '-').includes(YOUNG))
  return [
    ...inherited,
    ...(isChosen ? [] : [`${YOUNG}=${YOUNG_MB}`]),
    // Of vm.measureMemory, by which memory is given back.
    '--disable-warning=ExperimentalWarning',
  ]
}
