import type { Segment } from '../../src/hl7/tree.ts';
import type { Draft } from '../../src/mapping/draft.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { translatedConcept } from '../datatypes/coded.ts';
import { organizationOf, practitionerOf } from '../datatypes/directory.ts';
import { putTime } from '../datatypes/text.ts';
import { careTeamKey } from '../keys.ts';
import { PROVIDER_ROLE } from '../tables/provider.ts';

/** The team one source states for a patient; each member is a slot of its own, so that one message does not remove another's. */
export function careTeam(patient: Pick<Draft, 'id' | 'reference'>, scope: Scope): Draft {
  const team = scope.draft(careTeamKey(scope.owner, patient.id), patient.id);
  team.set('subject', patient.reference);
  team.set('status', 'active');
  team.snapshot('managingOrganization[source]', [{ reference: `Organization/${scope.owner}` }]);
  return team;
}

/** Where ROL and PRT have their parts. */
const ROL = { action: 2, role: 3, person: 4, start: 5, end: 6, organization: 14 };
const PRT = { action: 2, role: 4, person: 5, start: 11, end: 12, organization: 8 };

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
  if (role !== undefined) participant.role = [role];
  participant.member = member;
  const period: Record<string, unknown> = {};
  const start = segment.get(at.start)?.trim();
  const end = segment.get(at.end)?.trim();
  if (start) putTime(period, 'start', scope.time(start, 'dateTime'));
  if (end) putTime(period, 'end', scope.time(end, 'dateTime'));
  if (Object.keys(period).length > 0) participant.period = period as Json;
  team.snapshot(slot, [participant]);
}
