import type { Observation, Questionnaire, QuestionnaireResponse, Reference } from '@medplum/fhirtypes';
import { parseReference } from '../../src/fhir/references.ts';
import { referenceTo, settle } from '../derived.ts';
import { act, type BotDeps, type BotHandler, type Fhir, inputOf } from '../hub.ts';
import { decideItems, decideTotal, instrumentOf, type ScoreFacts, scoreKey } from './rule.ts';

/** Keeps the score Observations of a response in step with it. It raises no note: `raise-safety-note` looks at what is written here. */
export function make(_deps: BotDeps): BotHandler {
  return async (medplum, event) => {
    const input = inputOf<QuestionnaireResponse>(event, 'QuestionnaireResponse');
    if (input?.id === undefined) return undefined;
    const response = await medplum.readResource('QuestionnaireResponse', input.id);
    const questionnaire = await questionnaireOf(medplum, response);
    const instrument = instrumentOf(response, questionnaire);
    if (instrument === undefined || !response.subject?.reference?.startsWith('Patient/')) return undefined;
    const facts: ScoreFacts = {
      response,
      questionnaire,
      sex: await sexOf(medplum, response.subject.reference),
      standing: await standingOf(medplum, response.id, [...Object.keys(instrument.separate), instrument.total[0]]),
    };
    const written: Observation[] = [];
    for (const { observation, standing } of decideItems(facts))
      written.push(await settle(medplum, observation, standing));
    const members: Reference<Observation>[] = written
      .filter((each) => each.status !== 'entered-in-error')
      .map((each) => referenceTo(each));
    for (const { observation, standing } of decideTotal(facts, members))
      written.push(await settle(medplum, observation, standing));
    return written;
  };
}

export const handler = make({ now: Date.now });

/** The Questionnaire a response names by canonical URL or by reference; one that is not here is no reason not to score. */
async function questionnaireOf(medplum: Fhir, response: QuestionnaireResponse): Promise<Questionnaire | undefined> {
  const [url, version] = response.questionnaire?.split('|') ?? [];
  if (url === undefined) return undefined;
  const local = parseReference(url);
  const query = local.kind === 'local' ? `_id=${local.id}` : `url=${encodeURIComponent(url)}`;
  const found = await medplum.searchResources('Questionnaire', query);
  return found.find((each) => version === undefined || each.version === version) ?? found[0];
}

async function sexOf(medplum: Fhir, patient: string): Promise<string | undefined> {
  const [found] = await medplum.searchResources('Patient', `_id=${patient.slice('Patient/'.length)}`);
  return found?.gender;
}

async function standingOf(medplum: Fhir, response: string, codes: readonly string[]): Promise<Observation[]> {
  const keys = codes.map((code) => `${act('').system}|${scoreKey(response, code)}`);
  return medplum.searchResources('Observation', `identifier=${encodeURIComponent(keys.join(','))}`);
}
