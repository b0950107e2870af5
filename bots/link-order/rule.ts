import type {
  Appointment,
  CarePlan,
  Communication,
  Dosage,
  MedicationRequest,
  Reference,
  ServiceRequest,
  Task,
} from '@medplum/fhirtypes';
import { highWaterMark, mergeLabels } from '../../src/fhir/labels.ts';
import {
  APPOINTMENT_KIND,
  BUSINESS_STATUS,
  type BusinessStatus,
  COMMUNICATION_KIND,
  codeIn,
  concept,
  LIFECYCLE,
  type Lifecycle,
} from '../../src/model/codes.ts';
import { instantOf } from '../../src/rules/instants.ts';
import { asksForDosing, isReferralTask } from '../../src/rules/referral.ts';
import { derived, referenceTo } from '../derived.ts';
import { drugOf } from '../dosing-drug.ts';

const LINKED = ['active', 'on-hold'];

/** An order of ketamine or esketamine that is in force. */
export const isDosingOrder = (order: MedicationRequest): boolean =>
  order.intent === 'order' && LINKED.includes(order.status) && drugOf(order) !== undefined;

const ASSESS_PLAN = 'assess-plan';
const isProgramPlan = (plan: CarePlan): boolean =>
  plan.status === 'active' &&
  (plan.category ?? []).some((each) => each.coding?.some(({ code }) => code === ASSESS_PLAN));

/**
 * The plan with each order as an activity, once; undefined: nothing is to be added. Nothing about the dose is copied into the plan,
 * which belongs to another organization than the order: who may see the order sees it there. Rule: R52, H4.
 */
export function linked(plan: CarePlan, orders: readonly MedicationRequest[]): CarePlan | undefined {
  if (!isProgramPlan(plan)) return undefined;
  const there = new Set((plan.activity ?? []).map((each) => each.reference?.reference));
  const missing = orders.filter((each) => isDosingOrder(each) && !there.has(referenceTo(each).reference));
  if (missing.length === 0) return undefined;
  const activity = [...(plan.activity ?? []), ...missing.map((each) => ({ reference: referenceTo(each) }))];
  const security = mergeLabels(plan.meta?.security, highWaterMark(missing));
  return { ...plan, activity, ...(security.length > 0 ? { meta: { ...plan.meta, security } } : {}) };
}

export interface ReferralFacts {
  readonly task: Task;
  readonly request: ServiceRequest;
  /** Orders of the clinic for the person. */
  readonly orders: readonly MedicationRequest[];
  /** Appointments of the person. */
  readonly appointments: readonly Appointment[];
  readonly now: string;
}

/** Where a referral stands is the owner's word in these; the hub adds nothing. */
const SPOKEN: readonly BusinessStatus[] = [
  'awaiting-information',
  'cancellation-requested',
  'cancelled',
  'outcome-final',
];

/**
 * The referral Task brought to what orders and appointments show: an order or a booked dose means that work has begun. Undefined: it
 * stands there already, or nobody has accepted it. Only the referral moves, never an order or an appointment. Rule: DOMAIN B7, H17.
 */
export function moved({ task, request, orders, appointments, now }: ReferralFacts): Task | undefined {
  if (!isReferralTask(task) || !asksForDosing(request) || !['accepted', 'in-progress'].includes(task.status))
    return undefined;
  const said = codeIn(BUSINESS_STATUS, task.businessStatus);
  if (said !== undefined && SPOKEN.includes(said)) return undefined;
  const visit = visitStatus(appointments, request.authoredOn);
  const begun = visit !== undefined || orders.some(isDosingOrder);
  const status = begun ? 'in-progress' : task.status;
  if (status === task.status && (visit === undefined || visit === said)) return undefined;
  return {
    ...task,
    status,
    lastModified: now,
    ...(visit === undefined ? {} : { businessStatus: concept(BUSINESS_STATUS, visit) }),
  };
}

const HAPPENED: Partial<Record<Appointment['status'], BusinessStatus>> = {
  noshow: 'visit-noshow',
  fulfilled: 'interim-note',
};
const COMING: readonly Appointment['status'][] = ['pending', 'booked', 'arrived', 'checked-in'];

/** By the last dose that took place or was missed; before any, by what is booked; a cancelled one counts when it was the only one. */
function visitStatus(appointments: readonly Appointment[], since: string | undefined): BusinessStatus | undefined {
  const from = instantOf(since);
  const doses = appointments
    .filter((each) => codeIn(APPOINTMENT_KIND, each.appointmentType) === 'dose')
    .filter((each) => from === undefined || (instantOf(each.start) ?? from) >= from)
    .sort((a, b) => (instantOf(a.start) ?? '').localeCompare(instantOf(b.start) ?? ''));
  const last = doses.findLast((each) => HAPPENED[each.status] !== undefined);
  if (last !== undefined) return HAPPENED[last.status];
  if (doses.some((each) => COMING.includes(each.status))) return 'visit-scheduled';
  return doses.some((each) => each.status === 'cancelled') ? 'visit-cancelled' : undefined;
}

/** One change of an order, from one version to a later one. */
export interface OrderChange {
  readonly version: string;
  readonly event: Lifecycle;
  readonly words: string;
}

const EVENT: Partial<Record<MedicationRequest['status'], Lifecycle>> = {
  'on-hold': 'paused',
  stopped: 'stopped',
  cancelled: 'stopped',
};

/** Every change of dose, rhythm or status among the versions of an order, oldest first, in words with the old and the new. Rule: R52. */
export function changesOf(versions: readonly MedicationRequest[]): OrderChange[] {
  const ordered = [...versions].sort((a, b) => Number(a.meta?.versionId) - Number(b.meta?.versionId));
  return ordered.slice(1).flatMap((after, i) => {
    const before = ordered[i]!;
    const parts = [
      ['Dose', doseWords(before), doseWords(after)],
      ['Status', before.status, after.status],
    ].filter(([, was, is]) => was !== is);
    if (parts.length === 0 || drugOf(after) === undefined) return [];
    const event = (before.status !== after.status ? EVENT[after.status] : undefined) ?? 'dose-changed';
    const words = parts.map(([name, was, is]) => `${name}: was ${was}, is ${is}`).join('. ');
    return [{ version: after.meta?.versionId ?? '', event, words: `${drugOf(after)}. ${words}.` }];
  });
}

/** Amount, rhythm and route; what is not stated is said to be unknown. */
export function doseWords(order: MedicationRequest): string {
  const all = (order.dosageInstruction ?? []).map(oneDose).filter((each) => each !== '');
  return all.length === 0 ? 'unknown' : all.join('; ');
}

function oneDose({ doseAndRate, timing, asNeededBoolean, text }: Dosage): string {
  const { doseQuantity: dose, doseRange: range } = doseAndRate?.[0] ?? {};
  const amount =
    dose?.value !== undefined
      ? `${dose.value} ${dose.code ?? dose.unit ?? ''}`.trim()
      : range?.low?.value !== undefined
        ? `${range.low.value} to ${range.high?.value ?? '?'} ${range.low.code ?? range.low.unit ?? ''}`.trim()
        : undefined;
  const { repeat, code } = timing ?? {};
  const every = repeat?.period === 1 ? repeat.periodUnit : `${repeat?.period ?? '?'} ${repeat?.periodUnit ?? ''}`;
  const rhythm =
    code?.text ??
    code?.coding?.[0]?.display ??
    (repeat?.frequency ? `${repeat.frequency} times in ${every}` : undefined);
  const parts = [amount, rhythm, asNeededBoolean ? 'as needed' : undefined].filter((each) => each !== undefined);
  return parts.length > 0 ? parts.join(', ') : (text ?? '');
}

export const changeKey = (order: string, version: string, recipient: string): string =>
  `order-change/${order}/${version}/${recipient}`;

/** The notice of one change to one program. It is the clinic's own; consent is decided when it is sent. Rule: R52. */
export function changeNotice(
  order: MedicationRequest,
  change: OrderChange,
  clinic: string | undefined,
  recipient: string,
  now: string,
): Communication {
  return derived<Communication>(
    changeKey(order.id ?? '', change.version, recipient),
    {
      resourceType: 'Communication',
      status: 'completed',
      category: [concept(COMMUNICATION_KIND, 'lifecycle-notice')],
      topic: concept(LIFECYCLE, change.event),
      subject: order.subject as Communication['subject'],
      about: [referenceTo(order)],
      basedOn: [referenceTo(order)],
      sent: now,
      sender: clinic === undefined ? undefined : ({ reference: `Organization/${clinic}` } as Reference as never),
      recipient: [{ reference: `Organization/${recipient}` }],
      payload: [{ contentString: change.words }],
    },
    [order],
  );
}
