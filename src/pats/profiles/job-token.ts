/** GitLab: a token of a CI/CD job, good until the job ends. Newer versions put a JWT behind the prefix. */
export const isOfJob = (token: string): boolean => token.startsWith('glcbt-')
