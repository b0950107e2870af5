import { describe, expect, it } from 'vitest';
import { freshSchema, POSTGRES } from '../flow/flow-kit.ts';
import { runCrash } from './crash-run.ts';
import { miniTarget } from './mini-target.ts';

const { random } = Math;

describe.skipIf(!POSTGRES)('kill -9 under load on PostgreSQL', () => {
  it('at every hand-off: no acknowledged message is lost, each is applied and delivered once, in order per patient', async () => {
    const target = await miniTarget({ ack: 'applied', random, postgresUrl: await freshSchema() });
    const report = await runCrash(target, { kills: 20, acks: 1_500, connections: 8, patientsEach: 3, random });
    expect(report).toMatchObject({ lost: [], notOnce: [], deliveredNotOnce: [], outOfOrder: [] });
    expect(report.acknowledged).toBeGreaterThanOrEqual(1_500);
    expect(report.repeatsBySenders).toBeGreaterThan(0);
  }, 300_000);
});
