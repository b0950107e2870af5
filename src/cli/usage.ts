import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The words of a call are off: exit code 2. */
export class UsageError extends Error {
  constructor(usage: string, reason: string) {
    super(`${reason}\nusage: ${usage}`);
    this.name = 'UsageError';
  }
}

/** `parseArgs`, with a refusal that shows how the command is used. */
export function readArgs<T extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(usage, error instanceof Error ? error.message : String(error));
  }
}
