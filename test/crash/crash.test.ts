import { describe, expect, it } from 'vitest';
import { runCrash } from './crash-run.ts';
import { demoTarget } from './demo-target.ts';
import { miniTarget } from './mini-target.ts';

const { random } = Math;
const UNHARMED = { lost: [], notOnce: [], deliveredNotOnce: [], outOfOrder: [] };

describe('kill -9 under load over 8 connections', () => {
  it('at every hand-off: no acknowledged message is lost, each is applied and delivered once, in order per patient', async () => {
    const target = await miniTarget({ ack: 'applied', random });
    const report = await runCrash(target, { kills: 28, acks: 4_000, connections: 8, patientsEach: 3, random });
    expect(report).toMatchObject(UNHARMED);
    expect(report.acknowledged).toBeGreaterThanOrEqual(4_000);
    expect(report.repeatsBySenders).toBeGreaterThan(0);
  }, 300_000);

  it('of the real hub: updates make one version each, safety notes reach the other clinic once, in order per patient', async () => {
    const target = await demoTarget(random);
    const report = await runCrash(target, { kills: 10, acks: 2_000, connections: 8, patientsEach: 4, random });
    expect(report).toMatchObject(UNHARMED);
    expect(report.acknowledged).toBeGreaterThanOrEqual(2_000);
  }, 300_000);
});
