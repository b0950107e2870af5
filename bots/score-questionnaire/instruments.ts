import { QUESTIONNAIRE } from '../../src/model/codes.ts';

export const LOINC = 'http://loinc.org';

/** LOINC answer code → score. */
type Answers = Readonly<Record<string, number>>;

export interface Instrument {
  readonly name: string;
  /** Canonical URLs by which responses name it. */
  readonly urls: readonly string[];
  /** LOINC code of the panel, as Questionnaire.code. */
  readonly panel: string;
  /** LOINC code and words of the total. */
  readonly total: readonly [code: string, display: string];
  /** LOINC item code → its answers. Each item must be answered, or there is no total. */
  readonly items: Readonly<Record<string, Answers>>;
  /** Items that are Observations of their own, whatever the total. */
  readonly separate: Readonly<Record<string, string>>;
  /** Words for a total. `sex`: administrative gender of the patient. */
  readonly severity: (total: number, sex: string | undefined) => string;
}

const FREQUENCY: Answers = { 'LA6568-5': 0, 'LA6569-3': 1, 'LA6570-1': 2, 'LA6571-9': 3 };

const all = (codes: readonly string[], answers: Answers): Record<string, Answers> =>
  Object.fromEntries(codes.map((code) => [code, answers]));

/** The words of the highest band whose floor the total reaches. */
const bands =
  (...floors: readonly (readonly [number, string])[]) =>
  (total: number): string =>
    floors.findLast(([floor]) => total >= floor)![1];

const urls = (own: string, panel: string): string[] => [own, `http://loinc.org/q/${panel}`];

/** Items, totals and cut-offs. Rule: DOMAIN B5. Not here: anything whose licence does not allow it. */
export const INSTRUMENTS: readonly Instrument[] = [
  {
    name: 'PHQ-9',
    urls: urls(QUESTIONNAIRE.phq9, '44249-1'),
    panel: '44249-1',
    total: ['44261-6', 'Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]'],
    items: all(
      ['44250-9', '44255-8', '44259-0', '44254-1', '44251-7', '44258-2', '44252-5', '44253-3', '44260-8'],
      FREQUENCY,
    ),
    separate: { '44260-8': 'PHQ-9 item 9: thoughts of being better off dead or of self-harm' },
    severity: bands([0, 'minimal'], [5, 'mild'], [10, 'moderate'], [15, 'moderately severe'], [20, 'severe']),
  },
  {
    name: 'PHQ-2',
    urls: urls(QUESTIONNAIRE.phq2, '55757-9'),
    panel: '55757-9',
    total: ['55758-7', 'Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]'],
    items: all(['44250-9', '44255-8'], FREQUENCY),
    separate: {},
    severity: bands([0, 'negative screen'], [3, 'positive screen']),
  },
  {
    name: 'GAD-7',
    urls: urls(QUESTIONNAIRE.gad7, '69737-5'),
    panel: '69737-5',
    total: ['70274-6', 'Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]'],
    items: all(['69725-0', '68509-9', '69733-4', '69734-2', '69735-9', '69689-8', '69736-7'], FREQUENCY),
    separate: {},
    severity: bands([0, 'minimal'], [5, 'mild'], [10, 'moderate'], [15, 'severe']),
  },
  {
    name: 'AUDIT-C',
    urls: urls(QUESTIONNAIRE.auditC, '72109-2'),
    panel: '72109-2',
    total: ['75626-2', 'Total score [AUDIT-C]'],
    // Each item has an answer list of its own: LL2179-1, LL2180-9, LL2181-7.
    items: {
      '68518-0': { 'LA6270-8': 0, 'LA18926-8': 1, 'LA18927-6': 2, 'LA18928-4': 3, 'LA18929-2': 4 },
      '68519-8': { 'LA15694-5': 0, 'LA15695-2': 1, 'LA18930-0': 2, 'LA18931-8': 3, 'LA18932-6': 4 },
      '68520-6': { 'LA6270-8': 0, 'LA18933-4': 1, 'LA18876-5': 2, 'LA18891-4': 3, 'LA18934-2': 4 },
    },
    separate: {},
    // Of a person whose sex is not known the lower threshold is taken: it misses nobody.
    severity: (total, sex) =>
      total >= (sex === 'male' ? 4 : 3)
        ? `positive screen (${sex === 'male' ? 'men: 4' : sex === 'female' ? 'women: 3' : 'sex not known: 3'} or more)`
        : 'negative screen',
  },
];
