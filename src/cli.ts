import { UsageError } from './cli/usage.ts';
import { ConfigError } from './config/load.ts';

interface CliCommand {
  readonly usage: string;
  readonly what: string;
  /** Gives the exit code; `undefined` leaves the process running. */
  run(args: readonly string[]): Promise<number | undefined>;
}

/** Loaded on demand: `handoff send` needs no store, `handoff map` no configuration. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: CliCommand }>>> = {
  start: () => import('./cli/start.ts'),
  demo: () => import('./cli/demo.ts'),
  map: () => import('./cli/map.ts'),
  send: () => import('./cli/send.ts'),
  messages: () => import('./cli/messages.ts'),
  replay: () => import('./cli/replay.ts'),
  unmerge: () => import('./cli/unmerge.ts'),
  client: () => import('./cli/client.ts'),
  user: () => import('./cli/user.ts'),
  bots: () => import('./cli/bots.ts'),
  mirror: () => import('./cli/mirror.ts'),
  reindex: () => import('./cli/reindex.ts'),
  migrate: () => import('./cli/migrate.ts'),
  partner: () => import('./cli/partner.ts'),
};

async function main(argv: readonly string[]): Promise<number | undefined> {
  const [name, ...args] = argv;
  const load = name === undefined ? undefined : COMMANDS[name];
  if (!load) {
    const all = await Promise.all(Object.values(COMMANDS).map((each) => each()));
    const lines = all.map(({ command }) => `  ${command.usage.padEnd(58)} ${command.what}`);
    console.error(['handoff: FHIR R4 / HL7 v2 integration hub', '', ...lines].join('\n'));
    return name === undefined || name === 'help' || name === '--help' ? 0 : 2;
  }
  const { command } = await load();
  if (args.includes('--help')) {
    console.log(`${command.usage}\n\n${command.what}`);
    return 0;
  }
  return command.run(args);
}

/** What went wrong in one line, led by its code where it has one of ours (`stage.what`). */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[a-z0-9]+\.[a-z-]+$/.test(code) ? `${code}: ${error.message}` : error.message;
}

// Databases, their logs and mapped Bundles hold records: whatever is written is for this user only.
process.umask(0o077);
try {
  const code = await main(process.argv.slice(2));
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  console.error(told(error));
  process.exit(error instanceof ConfigError || error instanceof UsageError ? 2 : 1);
}
