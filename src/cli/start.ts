import { main } from '../main.ts';

/** Starts the hub and stays. A wrong setting is refused with file, path and reason (exit 2). */
export const command = {
  usage: 'handoff start',
  what: 'start the hub for work, with handoff.yaml',
  async run(): Promise<undefined> {
    const hub = await main();
    console.log(`FHIR  ${hub.fhirBase}`);
    for (const [feed, address] of Object.entries(hub.feeds)) console.log(`MLLP  ${address}  (${feed})`);
    return undefined;
  },
};
