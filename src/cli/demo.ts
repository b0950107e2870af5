import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Admin } from '../../fixtures/demo/cast.ts';
import { playJourney } from '../../fixtures/demo/journey.ts';
import { Missing, Timeline } from '../../fixtures/demo/timeline.ts';
import { portsFrom, shortTimeouts, World } from '../../fixtures/demo/world.ts';
import { loadHubKey } from '../hub/key.ts';
import { readArgs } from './usage.ts';

const usage = 'handoff demo [--exit] [--ports BASE] [--home FOLDER]';

/**
 * Starts the hub and its partners as separate processes, plays one patient's journey and leaves the hub running.
 * With --exit it ends: 0 when every step was seen to happen, 1 with the missing step named.
 */
export const command = {
  usage,
  what: "play a patient's journey over real sockets",
  async run(args: readonly string[]): Promise<number | undefined> {
    const { values } = readArgs(usage, args, {
      exit: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      ports: { type: 'string' },
      home: { type: 'string', default: join('data', 'demo') },
    });
    const ports = portsFrom(values.ports === undefined ? undefined : Number(values.ports));
    const world = new World(ports, values.home, { change: shortTimeouts });
    const timeline = new Timeline(values.quiet);
    try {
      await world.start();
      const { token, patient } = await playJourney(world, timeline, adminOf(world));
      console.log('\nEvery step was seen to happen.');
      if (values.exit) {
        const code = await world.stop();
        if (code !== 0) console.error(`the hub ended with ${code} instead of 0`);
        return code === 0 ? 0 : 1;
      }
      invite(world, token, patient);
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.on(signal, () => void world.stop().then((code) => process.exit(code ?? 1)));
      return undefined;
    } catch (error) {
      console.error(`\n${error instanceof Missing || error instanceof Error ? error.message : String(error)}`);
      await world.stop();
      return 1;
    }
  },
};

/** Speaks to `/ops` as the command line of this machine does. */
function adminOf(world: World): Admin {
  const ops = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
    const { operatorToken } = loadHubKey(join(world.home, 'hub.key'));
    const response = await fetch(`${world.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const unique = (name: string): string => `${name} ${randomBytes(3).toString('hex')}`;
  return {
    client: (name, scope, organization) =>
      ops('POST', '/ops/clients', { name: unique(name), scope, ...(organization ? { organization } : {}) }),
    user: (name, practitionerRole) => ops('POST', '/ops/users', { name: unique(name), practitionerRole }),
    ops,
  };
}

function invite(world: World, token: string, patient: string): void {
  const base = `${world.baseUrl}/fhir/R4`;
  console.log(`
The hub goes on running: FHIR ${base}, MLLP 127.0.0.1:${Object.values(world.ports.feeds).join(', ')}. Stop it with Ctrl-C.

export TOKEN=${token}
curl -s -H "Authorization: Bearer $TOKEN" "${base}/CarePlan?patient=${patient}&_include=CarePlan:goal"
curl -s -H "Authorization: Bearer $TOKEN" "${base}/Task?patient=${patient}&status=accepted"
curl -s -H "Authorization: Bearer $TOKEN" "${base}/Patient/${patient}/\\$everything"

What came in, and what became of it: HANDOFF_CONFIG=${join(world.home, 'handoff.yaml')} npx handoff messages
`);
}
