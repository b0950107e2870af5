import { globSync, readFileSync } from 'node:fs';
import type { Questionnaire, QuestionnaireItem } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import * as plans from '../../../bots/draft-care-plan/questionnaires.ts';
import * as demo from '../../../fixtures/demo/directory.ts';

/** LOINC panels of instruments whose items may be redistributed. Rule: DOMAIN B5. */
const FREE_PANELS = ['44249-1', '55757-9', '69737-5', '72109-2', '101697-1'];
const HUB_FORMS = /^https:\/\/handoff\.example\//;
/** LOINC of items whose wording needs a permission: C-SSRS screener and full scale, DAST-10, EPDS. Rule: DOMAIN B5. */
const LICENSED = /\b(93373-9|93245-9|9324[678]-\d|93249-1|93250-9|93267-3|93269-9|82666-9|71354-5)\b/;

interface Packaged {
  readonly where: string;
  readonly form: Questionnaire;
}

const isForm = (value: unknown): value is Questionnaire =>
  (value as { resourceType?: unknown } | null)?.resourceType === 'Questionnaire';

/** Every Questionnaire inside a value, however deep. */
function formsIn(value: unknown): Questionnaire[] {
  if (value === null || typeof value !== 'object') return [];
  const inner = Object.values(value).flatMap(formsIn);
  return isForm(value) ? [value, ...inner] : inner;
}

const FORMS: Packaged[] = [
  ...[plans, demo].flatMap((module) => formsIn({ ...module }).map((form) => ({ where: 'a module', form }))),
  ...globSync('{fixtures,mappings,bots,src}/**/*.json').flatMap((where) =>
    formsIn(JSON.parse(readFileSync(where, 'utf8'))).map((form) => ({ where, form })),
  ),
];

const codesOf = (form: Questionnaire): string[] => (form.code ?? []).flatMap(({ code }) => code ?? []);
const itemsOf = (items: readonly QuestionnaireItem[] = []): QuestionnaireItem[] =>
  items.flatMap((item) => [item, ...itemsOf(item.item)]);

/** A form of the hub's own, or one of the free instruments. */
const isFree = (form: Questionnaire): boolean => {
  const codes = codesOf(form);
  return codes.length > 0 ? codes.every((code) => FREE_PANELS.includes(code)) : HUB_FORMS.test(form.url ?? '');
};

describe('packaged questionnaires', () => {
  it('are free instruments or forms of the hub: no other item text is shipped (H25)', () => {
    expect(FORMS.length).toBeGreaterThanOrEqual(3);
    const others = FORMS.filter(({ form }) => itemsOf(form.item).some(({ text }) => text) && !isFree(form));
    expect(others.map(({ where, form }) => `${where} ${form.url}`)).toEqual([]);
  });

  it('hold no item of an instrument that needs a permission, under whatever name (H25)', () => {
    const licensed = FORMS.filter(({ form }) => LICENSED.test(JSON.stringify(form)));
    expect(licensed.map(({ where, form }) => `${where} ${form.url}`)).toEqual([]);
  });

  it('the gate finds a licensed form (H25)', () => {
    const form: Questionnaire = {
      resourceType: 'Questionnaire',
      status: 'active',
      url: 'https://handoff.example/Questionnaire/screen',
      code: [{ system: 'http://loinc.org', code: '93373-9' }],
      item: [{ linkId: '1', type: 'boolean', text: 'words' }],
    };
    expect(isFree(formsIn({ inner: [form] })[0]!)).toBe(false);
    expect(LICENSED.test(JSON.stringify(form))).toBe(true);
  });
});
