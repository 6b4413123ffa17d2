import type { Config } from './schema.ts'

/** Whether a rule asks for less than two factors, which is what counts where no rule fits. */
export const isLenient = ({ require }: Pick<Config['secondFactor']['rules'][number], 'require'>): boolean =>
  require === 'nothing' || require === 'first-factor'
