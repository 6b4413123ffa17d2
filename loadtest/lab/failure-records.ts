const STATUS = /"http\.response\.status_code":([45]\d\d)/
const CODE = /"torhaus\.code":"([^"]*)"/
/** The load's own doing: it breaks off what is under way when its time is over. */
const CLIENT_WENT = '499'

/** Of a log: the first record of each answer with a status of failure, by the code that says why. */
export function failureRecordsIn(output: string): string[] {
  const byCode = new Map<string, string>()
  for (const line of output.split('\n')) {
    const status = STATUS.exec(line)?.[1]
    if (status === undefined || status === CLIENT_WENT) continue
    const code = CODE.exec(line)?.[1] ?? status
    if (!byCode.has(code)) byCode.set(code, line)
  }
  return [...byCode.values()]
}
