import type {
  CodeableConcept,
  DiagnosticReport,
  Identifier,
  Observation,
  Resource,
  ServiceRequest,
} from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import { read } from '../../src/mapping/outbound/element.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import { isOrganization, xcn, xon } from '../../src/mapping/outbound/people.ts';
import {
  every,
  type FieldValue,
  first,
  type OutboundMessage,
  type OutRow,
  type SegmentPlan,
  type Writer,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei, st, tx } from '../../src/mapping/outbound/writers.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { OBX_ROWS, observed, RESULT_NOTE } from './observation-obx.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { RELATIVE_NK1 } from './relative-nk1.ts';
import { refuseUnlessRelayed } from './relay.ts';
import { SPECIMEN_SPM, specimensOf } from './specimen-spm.ts';
import { REPORT_STATUS } from './tables.ts';
import { WHOLE_PV1 } from './visit-pv1.ts';

/** The panels: the report and those released with it, or the observation that stands for itself, each with its order. */
function panels(scene: Scene): readonly Subject[] {
  const { focus } = scene;
  const isReport = focus.value.resourceType === 'DiagnosticReport';
  const reports = isReport ? [focus, ...scene.all('DiagnosticReport').filter((one) => one !== focus)] : [focus];
  return reports.map((panel, index) => ({
    panel,
    ServiceRequest: orderOf(scene, panel),
    Specimen: specimensOf(scene, panel)[0],
    number: { value: index + 1, path: panel.path },
  }));
}

function orderOf(scene: Scene, panel: Entry): Entry | undefined {
  const references = (element(panel, 'basedOn') ?? []) as unknown[];
  return references.map((one) => scene.at(one)).find((one) => one?.value.resourceType === 'ServiceRequest');
}

/** Members of the panel that were released, each once; the panel's own value first. */
function results(scene: Scene, { panel }: Subject): readonly Subject[] {
  const focus = panel as Entry;
  const own = focus.value.resourceType === 'Observation' ? [focus] : [];
  const named = ['result', 'hasMember'].flatMap((name) => (element(focus, name) ?? []) as unknown[]);
  const members = named
    .map((reference) => scene.at(reference))
    .filter((one): one is Entry => one?.value.resourceType === 'Observation');
  return [...new Set([...own, ...members])].flatMap(observed);
}

const isPlacer = (value: unknown): boolean =>
  (value as Identifier).type?.coding?.some(({ code }) => code === 'PLAC') ?? false;

const hasNoNumber = ({ panel: entry }: Subject): boolean =>
  ((element(entry as Entry, 'identifier') ?? []) as Identifier[]).every(isPlacer);

/** Table 0074 section of the service. */
const categoryCode: Writer = {
  type: 'ID',
  uses: ['*'],
  write({ value }, { partner }) {
    const section = (value as CodeableConcept).coding?.find(
      ({ system }) => system?.endsWith('/v2-0074') || system === `urn:handoff:code:${partner.id}:0074`,
    );
    return section?.code === undefined ? undefined : [section.code];
  },
};

/** The conclusion of a report is a remark on it as a whole. */
const CONCLUSION_NTE: SegmentPlan = {
  segment: 'NTE',
  worth: 'NTE-3',
  each: (_, parent) => [parent],
  rows: [
    { to: 'NTE-1', give: () => [['1']] },
    { to: 'NTE-3', from: 'panel.conclusion', as: first({ ...tx, type: 'FT' }) },
  ],
};

const hasPerson = ({ ServiceRequest: order }: Subject): boolean =>
  order !== undefined && !isOrganization((order.value as ServiceRequest).requester);

/** Who asks: a person, or where none is known the organization. */
const requester = (to: string, when: (subject: Subject) => boolean, writer: Writer): OutRow => ({
  to,
  give: (subject, writing) => {
    const [found] = when(subject) ? read(subject, 'ServiceRequest.requester') : [];
    const written = found === undefined ? undefined : writer.write(found, writing);
    if (found === undefined || written === undefined) return undefined;
    writing.carried(found.path);
    return [written];
  },
  type: writer.type,
});

/** EIP: the number of the parent order, as its placer's. */
const parentNumber: Writer = {
  ...ei,
  type: 'EIP',
  write: (found, writing) => {
    const written = ei.write(found, writing);
    return written === undefined
      ? undefined
      : [written.map((part) => (typeof part === 'string' ? part : part.join('')))];
  },
};

const PANEL_OBR: SegmentPlan = {
  segment: 'OBR',
  required: true,
  each: (_, parent) => [parent],
  rows: [
    { to: 'OBR-1', give: ({ number }) => [[`${number?.value}`]] },
    { to: 'OBR-2', from: 'panel.identifier', only: isPlacer, as: first(ei) },
    { to: 'OBR-3', from: 'panel.identifier', only: (value) => !isPlacer(value), as: first(ei) },
    {
      to: 'OBR-3',
      give: (subject) =>
        hasNoNumber(subject) ? [[((subject.panel?.value ?? {}) as Resource).id ?? '', 'HANDOFF']] : undefined,
      type: 'EI',
    },
    { to: 'OBR-4', give: panelCode, type: 'CWE', carries: ['panel.code'], required: true },
    { to: 'OBR-7', from: 'panel.effectiveDateTime', as: first(dtm) },
    { to: 'OBR-7', from: 'panel.effectivePeriod.start', as: first(dtm) },
    { to: 'OBR-8', from: 'panel.effectivePeriod.end', as: first(dtm) },
    { to: 'OBR-13', from: 'ServiceRequest.note.text', as: first(st) },
    { to: 'OBR-14', from: 'Specimen.receivedTime', as: first(dtm), until: '2.5' },
    requester('OBR-16', hasPerson, xcn),
    { to: 'OBR-22', from: 'panel.issued', as: first(dtm) },
    { to: 'OBR-24', from: 'panel.category', as: first(categoryCode) },
    { to: 'OBR-25', from: 'panel.status', as: first(tabled(REPORT_STATUS)) },
    { to: 'OBR-29', from: 'ServiceRequest.basedOn.identifier', as: first(parentNumber) },
    { to: 'OBR-31', from: 'ServiceRequest.reasonCode', as: every(cwe()) },
  ],
  also: ['panel.subject', 'panel.encounter', 'panel.result', 'panel.hasMember', 'panel.basedOn', 'panel.specimen'],
  followedBy: [
    CONCLUSION_NTE,
    {
      segment: 'OBX',
      worth: 'OBX-11',
      each: results,
      rows: OBX_ROWS,
      also: ['Observation.subject', 'Observation.encounter', 'Observation.basedOn', 'Observation.hasMember'],
      followedBy: [RESULT_NOTE],
    },
    SPECIMEN_SPM,
  ],
};

/** The order behind a panel, or that these are observations to follow (RE). */
const ORDER_ORC: SegmentPlan = {
  segment: 'ORC',
  each: panels,
  rows: [
    { to: 'ORC-1', give: () => [['RE']] },
    { to: 'ORC-2', from: 'ServiceRequest.identifier', only: isPlacer, as: first(ei) },
    { to: 'ORC-3', from: 'ServiceRequest.identifier', only: (value) => !isPlacer(value), as: first(ei) },
    { to: 'ORC-4', from: 'ServiceRequest.requisition', as: first(ei) },
    { to: 'ORC-9', from: 'ServiceRequest.authoredOn', as: first(dtm) },
    requester('ORC-12', hasPerson, xcn),
    requester('ORC-21', (subject) => !hasPerson(subject), xon),
  ],
  also: [
    'ServiceRequest.subject',
    'ServiceRequest.encounter',
    'ServiceRequest.status',
    'ServiceRequest.intent',
    'ServiceRequest.code', // OBR-4
    'ServiceRequest.specimen',
  ],
  followedBy: [PANEL_OBR],
};

function panelCode({ panel: entry }: Subject, writing: Writing): FieldValue | undefined {
  const { code } = (entry?.value ?? {}) as Observation | DiagnosticReport;
  const written = cwe().write({ value: code, path: `${entry?.path}.code` }, writing);
  return written === undefined ? undefined : [written];
}

/** Scores, vitals and results → ORU, as told on from who measured them. */
export const RESULT_ORU: OutboundMessage = {
  focus: ['Observation', 'DiagnosticReport'],
  trigger: () => ({ type: 'ORU', event: 'R01', structure: 'ORU_R01' }),
  refuse: (scene) => refuseUnlessRelayed(scene, ['ORU^R01', 'ORU^R30', 'ORU^R31', 'ORU^R32', 'RAS^O17']),
  segments: [PATIENT_PID, NOTICE_NTE, { ...RELATIVE_NK1, since: '2.5' }, WHOLE_PV1, ORDER_ORC],
};
