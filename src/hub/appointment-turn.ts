import type { Appointment } from '@medplum/fhirtypes';
import type { Tx } from '../database/command.ts';
import { bodyKeysOf } from '../database/envelope.ts';
import type { AppointmentTurn } from '../rules/routing-event.ts';
import { parseRow, type Row } from '../server/rows.ts';
import { causesOf } from './causes.ts';

/** How an Appointment stood in one version: state and time make a turn, the plan what others arrange themselves by. */
interface Standing {
  readonly status: string;
  readonly start: string;
  readonly plan: string;
}

/** What its versions, and the message behind the last of them, say of how an Appointment came to stand as it does. */
export async function turnOf(tx: Tx, row: Row): Promise<AppointmentTurn> {
  const keys = bodyKeysOf(tx.env);
  const older = await tx.query<{ json: string }>('SELECT json FROM history WHERE rid = ? ORDER BY version', [row.rid]);
  const stands = [...older, row]
    .filter(({ json }) => json !== '')
    .map((each) => standingOf(parseRow(each, keys) as unknown as Appointment));
  const starts = stands.flatMap((each, i) => (i === 0 || !same(each, stands[i - 1]!) ? [i] : []));
  const turns = starts.map((at) => stands[at]!);
  const now = turns.at(-1)!;
  const last = turns.at(-2);
  const within = stands.slice(starts.at(-1));
  const cause = (await causesOf(tx, row.type, row.id)).find(
    ({ version, organization }) => version === row.version && organization === row.owner_org,
  );
  return {
    moved: last !== undefined && last.status === now.status && last.start !== now.start,
    before: turns.slice(0, -1).filter((each) => same(each, now)).length,
    modified: within.filter((each, i) => i > 0 && each.plan !== within[i - 1]!.plan).length,
    ...(cause === undefined ? {} : { trigger: cause.trigger }),
  };
}

function standingOf({ status, start = '', ...rest }: Appointment): Standing {
  const places = rest.participant.map(({ actor }) => actor?.reference).filter((each) => each?.startsWith('Location/'));
  const plan = [rest.end, rest.minutesDuration, rest.appointmentType, rest.serviceType, places];
  return { status, start, plan: JSON.stringify(plan) };
}

const same = (a: Standing, b: Standing): boolean => a.status === b.status && a.start === b.start;
