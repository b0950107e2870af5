import { generalHospital, lakeside, riverside } from '../../fixtures/demo/messages.ts';
import { calendar } from '../../fixtures/demo/segment.ts';

export interface Sent {
  readonly name: string;
  readonly partner: 'general-hospital' | 'riverside' | 'lakeside';
  readonly message: string;
}

export const FEEDS = {
  'general-hospital': 'general-mllp',
  riverside: 'riverside-mllp',
  lakeside: 'lakeside-mllp',
} as const;

/** The day's messages in the order of the journey. */
export function dayOf(day0: string): Sent[] {
  const day = calendar(day0);
  const [general, program, clinic] = [generalHospital(day), riverside(day), lakeside(day)];
  const of = (partner: Sent['partner'], messages: Readonly<Record<string, string>>, ...names: string[]): Sent[] =>
    names.map((name) => ({ name, partner, message: messages[name] ?? '' }));
  return [
    ...of('general-hospital', general, 'admission', 'referral'),
    ...of('riverside', program, 'acceptance'),
    ...of('general-hospital', general, 'discharge'),
    ...of('riverside', program, 'registration', 'part2Registration', 'jordanRegistration', 'samRegistration'),
    ...of('riverside', program, 'group', 'groupWithoutSam', 'groupWithUnknown'),
    ...of('lakeside', clinic, 'registration', 'order', 'doseBooked', 'doseMoved', 'administration', 'dissociation'),
    ...of('riverside', program, 'activation'),
  ];
}
