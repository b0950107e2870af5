import { runCrash } from '../test/crash/crash-run.ts';
import { demoTarget } from '../test/crash/demo-target.ts';
import { miniTarget } from '../test/crash/mini-target.ts';

/**
 * `npm run torture [-- KILLS ACKS [mini]]`: the crash test at length, of the real hub or of the flow over a store of one table.
 * Prints acknowledged, lost, duplicated and restart time; exit 1 if anything is lost, twice or out of order.
 */
const [kills = '200', acks = '100000', what = 'hub'] = process.argv.slice(2);
const began = Date.now();
const { random } = Math;
const target = what === 'mini' ? await miniTarget({ ack: 'applied', random }) : await demoTarget(random);
const report = await runCrash(target, {
  kills: Number(kills),
  acks: Number(acks),
  connections: 8,
  patientsEach: 25,
  random,
  progress: (line) => process.stderr.write(`${Math.round((Date.now() - began) / 1000)} s: ${line}\n`),
});
const restarts = [...report.restartMs].sort((a, b) => a - b);
const at = (share: number): number =>
  Math.round(restarts[Math.min(restarts.length - 1, Math.floor(restarts.length * share))] ?? 0);
const figures = {
  kills: report.kills,
  acknowledged: report.acknowledged,
  lost: report.lost.length,
  notAppliedOnce: report.notOnce.length,
  notDeliveredOnce: report.deliveredNotOnce.length,
  patientsOutOfOrder: report.outOfOrder.length,
  sentAgainBySenders: report.repeatsBySenders,
  repeatsThePartnerRecognised: report.repeatsToPartner,
  restartMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
  seconds: Math.round((Date.now() - began) / 1000),
};
process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
const harm = report.lost.length + report.notOnce.length + report.deliveredNotOnce.length + report.outOfOrder.length;
process.exit(harm > 0 ? 1 : 0);
