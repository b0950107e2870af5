import { runCrash } from '../test/crash/crash-run.ts';

/** `npm run torture [-- KILLS ACKS]`: the crash test at length. Prints acknowledged, lost, duplicated, restart time; exit 1 if anything is. */
const [kills = 200, acks = 100_000] = process.argv.slice(2).map(Number);
const began = Date.now();
const report = await runCrash({
  kills,
  acks,
  connections: 8,
  patientsEach: 25,
  random: Math.random,
  ack: 'applied',
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
const wrong = report.lost.length + report.notOnce.length + report.deliveredNotOnce.length + report.outOfOrder.length;
process.exit(wrong > 0 ? 1 : 0);
