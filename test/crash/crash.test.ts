import { describe, expect, it } from 'vitest';
import { runCrash } from './crash-run.ts';

describe('kill -9 under load over 8 connections', () => {
  it('loses no acknowledged message, applies and delivers each once, keeps the order per patient', async () => {
    const report = await runCrash({
      kills: 28,
      acks: 5_000,
      connections: 8,
      patientsEach: 3,
      random: Math.random,
      ack: 'applied',
    });
    expect(report).toMatchObject({ lost: [], notOnce: [], deliveredNotOnce: [], outOfOrder: [] });
    expect(report.acknowledged).toBeGreaterThanOrEqual(5_000);
    expect(report.repeatsBySenders).toBeGreaterThan(0);
  }, 300_000);
});
