import type { CarePlan, EpisodeOfCare, QuestionnaireResponse } from '@medplum/fhirtypes';
import { parseReference } from '../../src/fhir/references.ts';
import { codeIn, LEVEL_OF_CARE } from '../../src/model/codes.ts';
import { instantOf, spanOf, within } from '../../src/rules/instants.ts';
import { keyOf, referenceTo, settle } from '../derived.ts';
import { type BotDeps, type BotHandler, type Fhir, inputOf, ofPatient } from '../hub.ts';
import { decideGoals, decidePlan, isGoalOf, type PlanFacts, partOf, planKey } from './rule.ts';

/** Keeps the CarePlan and its Goals in step with both parts of the treatment plan. Rule: R41, R43. */
export function make(_deps: BotDeps): BotHandler {
  return async (medplum, event) => {
    const input = inputOf<QuestionnaireResponse>(event, 'QuestionnaireResponse');
    if (input?.id === undefined || partOf(input) === undefined) return undefined;
    // The version of the event may be old by now; both parts are taken as they stand.
    const response = await medplum.readResource('QuestionnaireResponse', input.id);
    const patient = response.subject?.reference;
    if (!patient?.startsWith('Patient/')) return undefined;
    const facts = await factsOf(medplum, response, patient);
    if (decidePlan(facts, []) === undefined) return undefined;
    const goals = [];
    for (const { goal, standing } of decideGoals(facts)) goals.push(referenceTo(await settle(medplum, goal, standing)));
    const plan = decidePlan(facts, goals);
    return plan && settle(medplum, plan, facts.plan);
  };
}

export const handler = make({ now: Date.now });

async function factsOf(medplum: Fhir, response: QuestionnaireResponse, patient: string): Promise<PlanFacts> {
  // The search reaches every record of the person; a plan rests on those of its own organization.
  const own = <T extends { subject?: { reference?: string } }>(all: readonly T[]) =>
    all.filter((each) => each.subject?.reference === patient);
  const episode = await episodeOf(medplum, response, patient);
  const id = patient.slice('Patient/'.length);
  const plans = own(await ofPatient(medplum, 'CarePlan', patient)).filter((each) => keyOf(each)?.startsWith('plan/'));
  const plan = standingPlan(plans, response, planKey(id, episode), planKey(id, undefined));
  const key = (plan && keyOf(plan)) ?? planKey(id, episode);
  const responses = [response];
  for (const { reference } of plan?.supportingInfo ?? []) {
    const parsed = parseReference(reference ?? '');
    if (parsed.kind !== 'local' || parsed.type !== 'QuestionnaireResponse' || parsed.id === response.id) continue;
    responses.push(await medplum.readResource('QuestionnaireResponse', parsed.id));
  }
  const goals = own(await ofPatient(medplum, 'Goal', patient)).filter((each) => isGoalOf(key, each));
  const conditions = own(await ofPatient(medplum, 'Condition', patient));
  const careTeams = own(await ofPatient(medplum, 'CareTeam', patient, '&status=active'));
  return { key, responses, plan, goals, conditions, careTeams };
}

/** The plan this response belongs to already, else that of its episode, else the one begun before the episode was known. */
function standingPlan(plans: readonly CarePlan[], response: QuestionnaireResponse, key: string, early: string) {
  const self = referenceTo(response).reference;
  return (
    plans.find((each) => each.supportingInfo?.some(({ reference }) => reference === self)) ??
    plans.find((each) => keyOf(each) === key) ??
    plans.find((each) => keyOf(each) === early && each.status === 'draft')
  );
}

/** Id of the program episode the response was given in: its encounter's, else the program's at the time it was authored. */
async function episodeOf(medplum: Fhir, response: QuestionnaireResponse, patient: string): Promise<string | undefined> {
  const encounter = parseReference(response.encounter?.reference ?? '');
  if (encounter.kind === 'local' && encounter.type === 'Encounter') {
    const { episodeOfCare } = await medplum.readResource('Encounter', encounter.id);
    const stated = parseReference(episodeOfCare?.[0]?.reference ?? '');
    if (stated.kind === 'local') return stated.id;
  }
  const authored = instantOf(response.authored);
  const episodes = (await ofPatient(medplum, 'EpisodeOfCare', patient)).filter(
    (each) => each.patient.reference === patient && isProgram(each) && each.status !== 'entered-in-error',
  );
  const open = episodes.filter((each) => authored === undefined || within(spanOf(each.period), authored));
  return open.sort((a, b) => spanOf(a.period).since.localeCompare(spanOf(b.period).since)).at(-1)?.id;
}

const isProgram = (episode: EpisodeOfCare): boolean =>
  (episode.type ?? []).some((each) => ['php', 'iop'].includes(codeIn(LEVEL_OF_CARE, each) ?? ''));
