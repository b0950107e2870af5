import type { CodeableConcept, DiagnosticReport, Identifier, Observation, Resource } from '@medplum/fhirtypes';
import { cwe, tabled } from '../../src/mapping/outbound/coded.ts';
import type { Subject } from '../../src/mapping/outbound/event.ts';
import {
  type FieldValue,
  first,
  type OutboundMessage,
  type SegmentPlan,
  type Writer,
  type Writing,
} from '../../src/mapping/outbound/row.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { dtm, ei, tx } from '../../src/mapping/outbound/writers.ts';
import { NOTICE_NTE } from './notice-nte.ts';
import { OBX_ROWS, observed, RESULT_NOTE } from './observation-obx.ts';
import { PATIENT_PID } from './patient-pid.ts';
import { refuseUnlessRelayed } from './relay.ts';
import { REPORT_STATUS } from './tables.ts';
import { VISIT_PV1 } from './visit-pv1.ts';

/** The panel: the report, or the observation that stands for itself. */
function panel(scene: Scene): readonly Subject[] {
  return [{ panel: scene.focus }];
}

/** Members of the panel that were released, each once; the panel's own value first. */
function results(scene: Scene): readonly Subject[] {
  const { focus } = scene;
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

const PANEL_OBR: SegmentPlan = {
  segment: 'OBR',
  required: true,
  each: panel,
  rows: [
    { to: 'OBR-1', give: () => [['1']] },
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
    { to: 'OBR-22', from: 'panel.issued', as: first(dtm) },
    { to: 'OBR-24', from: 'panel.category', as: first(categoryCode) },
    { to: 'OBR-25', from: 'panel.status', as: first(tabled(REPORT_STATUS)) },
  ],
  also: ['panel.subject', 'panel.encounter', 'panel.result', 'panel.hasMember'],
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
  ],
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
  segments: [PATIENT_PID, NOTICE_NTE, VISIT_PV1, PANEL_OBR],
};
