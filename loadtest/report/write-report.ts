export const writeReport = (_folder: string): string[] => []
