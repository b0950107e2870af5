import { parseArgs } from 'node:util';
import type { Database } from '../../src/model/database.ts';
import { mllpServer } from '../../src/transport/in/mllp-server.ts';
import { clinicOf, startMiniHub } from '../flow/mini-hub.ts';

/**
 * A hub as a process of its own, to be killed. `--crash-at after:journal.append --crash-on 40` kills it by SIGKILL at the fortieth time
 * that point is passed: no handler runs, nothing is flushed.
 */
const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    postgres: { type: 'string' },
    port: { type: 'string' },
    'partner-port': { type: 'string' },
    'crash-at': { type: 'string', default: '' },
    'crash-on': { type: 'string', default: '1' },
    ack: { type: 'string', default: 'applied' },
  },
});

let left = Number(values['crash-on']);
function pass(point: string): void {
  if (point !== values['crash-at']) return;
  left -= 1;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
}

const wrap = (db: Database): Database => ({
  ...db,
  write: async <R>(command: string, args: unknown): Promise<R> => {
    pass(`before:${command}`);
    const result = await db.write<R>(command, args);
    pass(`after:${command}`);
    return result;
  },
});

const hub = await startMiniHub({
  dir: values.dir!,
  ...(values.postgres ? { postgresUrl: values.postgres } : {}),
  partners: [clinicOf({ transport: { kind: 'mllp', host: '127.0.0.1', port: Number(values['partner-port']) } })],
  feed: { onTrouble: 'close', ack: values.ack === 'received' ? 'received' : 'applied' },
  wrap,
  aroundSend: (when) => pass(`${when}:send`),
});
const { onFrame, onBroken, gate } = hub.flow.frames(hub.feed.id);
const server = await mllpServer({
  host: '127.0.0.1',
  port: Number(values.port),
  limits: {
    frameMaxBytes: 1_000_000,
    connectionsMax: 100,
    idleTimeoutMs: 60_000,
    frameTimeoutMs: 10_000,
    inFlightMax: 64,
  },
  onFrame: async (bytes, peer) => {
    const answer = await onFrame(bytes, peer);
    pass('before:ack');
    return answer;
  },
  onBroken,
  gate,
  log: () => {},
});
process.on('SIGTERM', () => {
  void (async () => {
    await server.close({ drainMs: 2000 });
    await hub.stop();
    process.exit(0);
  })();
});
process.stdout.write(`ready ${process.pid}\n`);
