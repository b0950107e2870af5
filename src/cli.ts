import { HubRefused } from './cli/hub-client.ts';
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
  client: () => import('./cli/client.ts'),
  user: () => import('./cli/user.ts'),
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

try {
  const code = await main(process.argv.slice(2));
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  if (error instanceof ConfigError || error instanceof UsageError) console.error(error.message);
  else if (error instanceof HubRefused) console.error(`${error.code}: ${error.message}`);
  else console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof ConfigError || error instanceof UsageError ? 2 : 1);
}
