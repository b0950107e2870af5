import { type Config, loadConfig } from './config/load.ts';
import { type Hub, startHub } from './hub/hub.ts';
import { makeLog } from './hub/log.ts';

/**
 * Starts the hub for work: configuration → databases → flow → listeners. SIGTERM and SIGINT drain and exit 0;
 * SIGHUP takes a changed configuration whole or not at all.
 */
export async function main(config: Config = loadConfig()): Promise<Hub> {
  const log = makeLog(config.log.level);
  const hub = await startHub(config, log);
  log.info({ event: 'started', version: config.version, address: hub.fhirBase }, 'started');
  let stopping: Promise<void> | undefined;
  const stop = (signal: string): void => {
    if (stopping) return;
    log.info({ event: 'stopping', signal }, 'stopping');
    stopping = hub.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ event: 'stop-failed', reason: error instanceof Error ? error.name : 'unknown' }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => {
    reload(hub).then(
      (version) => log.info({ event: 'reloaded', version }, 'configuration reloaded'),
      (error: unknown) =>
        log.error({ event: 'reload-refused', ...refusalOf(error) }, 'configuration refused, the old one stays'),
    );
  });
  return hub;
}

async function reload(hub: Hub): Promise<string> {
  const config = loadConfig();
  await hub.reload(config);
  return config.version;
}

/** The code where the error has one, and its words: they name files, paths and reasons, never a value. */
function refusalOf(error: unknown): { readonly reason: string; readonly code?: string } {
  if (!(error instanceof Error)) return { reason: 'unknown' };
  const { code } = error as { code?: unknown };
  return { reason: error.message, ...(typeof code === 'string' && { code }) };
}
