import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { translatedConcept } from '../datatypes/coded.ts';
import { organizationOf, practitionerOf } from '../datatypes/directory.ts';
import { addressOf, contactPoint } from '../datatypes/person.ts';
import { putTime } from '../datatypes/text.ts';
import { careTeamKey } from '../keys.ts';
import { PROVIDER_ROLE } from '../tables/provider.ts';
import { conceptAt } from './dosage.ts';

/** The team one source states for a patient; each member is a slot of its own, so that one message does not remove another's. */
export function careTeam(patient: Pick<Draft, 'id' | 'reference'>, scope: Scope): Draft {
  const team = scope.draft(careTeamKey(scope.owner, patient.id), patient.id);
  team.set('subject', patient.reference);
  team.set('status', 'active');
  team.snapshot('managingOrganization[source]', [{ reference: `Organization/${scope.owner}` }]);
  return team;
}

/** Where ROL and PRT have their parts. */
const ROL = { action: 2, role: 3, person: 4, start: 5, end: 6, organization: 14, address: 11, telecom: 12 };
const PRT = { action: 2, role: 4, person: 5, start: 11, end: 12, organization: 8, address: 14, telecom: 15 };

/** ROL and PRT → CareTeam.participant. Action DE removes the member. Rule: v2-to-FHIR IG 1.0.0, ROL[CareTeam], PRT[CareTeam]. */
export function stateTeam(segments: readonly Segment[], patient: Draft, scope: Scope): void {
  for (const segment of segments) {
    const at = segment.name === 'PRT' ? PRT : ROL;
    const roleElement = segment.field(at.role).repetition(1);
    scope.place(segment, at.role);
    const role = roleElement.hasContent ? translatedConcept(new Node(roleElement), scope, PROVIDER_ROLE) : undefined;
    for (const [index, repetition] of segment.repetitions(at.person).entries()) {
      scope.place(segment, at.person);
      const member = practitionerOf(new Node(repetition), scope);
      if (member === undefined) continue;
      addMember(segment, at, role as Json | undefined, member as Json, index, patient, scope);
    }
    if (segment.repetitions(at.person).length > 0) continue;
    const organization = segment.field(at.organization).repetition(1);
    if (!organization.hasContent) continue;
    scope.place(segment, at.organization);
    const member = organizationOf(new Node(organization), scope);
    if (member !== undefined) addMember(segment, at, role as Json | undefined, member as Json, 0, patient, scope);
  }
}

function addMember(
  segment: Segment,
  at: typeof ROL,
  role: Json | undefined,
  member: Json,
  index: number,
  patient: Draft,
  scope: Scope,
): void {
  const { reference, display } = member as { reference?: string; display?: string };
  const code = segment.get(at.role)?.trim() ?? '';
  const slot = `participant[${segment.name} ${code} ${reference ?? display ?? index}]`;
  const team = careTeam(patient, scope);
  if (segment.get(at.action) === 'DE') {
    team.delete(slot);
    return;
  }
  const participant: Record<string, Json> = {};
  const roles = [role, segment.name === 'ROL' ? furtherRole(segment, scope) : undefined].filter(
    (each) => each !== undefined,
  );
  if (roles.length > 0) participant.role = roles;
  participant.member = member;
  const period: Record<string, unknown> = {};
  const start = segment.get(at.start)?.trim();
  const end = segment.get(at.end)?.trim();
  if (start) putTime(period, 'start', scope.time(start, 'dateTime'), scope);
  if (end) putTime(period, 'end', scope.time(end, 'dateTime'), scope);
  if (Object.keys(period).length > 0) participant.period = period as Json;
  team.snapshot(slot, [participant]);
  reach(segment, at, reference, scope);
  const reason = segment.name === 'ROL' ? conceptAt(segment, 8, scope) : undefined;
  if (reason !== undefined) team.snapshot(`reasonCode[${slot}]`, [reason]);
}

/** ROL-9: what kind of provider it is, as a further role. */
const furtherRole = (rol: Segment, scope: Scope): Json | undefined => conceptAt(rol, 9, scope);

/** Where the member is and how to reach them: on the member's own directory resource. */
function reach(segment: Segment, at: typeof ROL, reference: string | undefined, scope: Scope): void {
  const member = scope.stated(reference);
  if (member === undefined) return;
  const list = (field: number, element: string, read: (node: Node) => unknown) => {
    scope.place(segment, field);
    const values = segment.repetitions(field).flatMap((repetition) => read(new Node(repetition)) ?? []);
    if (values.length > 0) member.snapshot(`${element}[${segment.name}]`, values as Json[]);
  };
  list(at.address, 'address', (node) => addressOf(node, scope));
  list(at.telecom, 'telecom', (node) => contactPoint(node, scope, 'work'));
}
