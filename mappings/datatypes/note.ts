import type { Segment } from '../../src/hl7/tree.ts';
import { Annotated } from '../../src/mapping/annotated.ts';
import { Node } from '../../src/mapping/node.ts';
import type { Scope } from '../../src/mapping/scope.ts';
import type { Json } from '../../src/model/json.ts';
import { conceptOf } from './coded.ts';
import { practitionerOf } from './directory.ts';

const NOTE_TYPE = 'http://hl7.org/fhir/StructureDefinition/annotationType';

/** One NTE as Annotation: its text, who entered it (NTE-5) and when (NTE-6). Undefined without text. */
export function annotationOf(nte: Segment, scope: Scope): Json | undefined {
  const text = nte
    .repetitions(3)
    .map((repetition) => repetition.text)
    .filter((each): each is string => each !== undefined && each.trim() !== '')
    .join('\n');
  if (text === '') return undefined;
  const annotation: Record<string, Json> = {};
  const kind = nte.field(4).repetition(1);
  if (kind.hasContent && !kind.isDelete) {
    scope.place(nte, 4);
    const valueCodeableConcept = conceptOf(new Node(kind), scope, '0364') as unknown as Json | undefined;
    if (valueCodeableConcept !== undefined) annotation.extension = [{ url: NOTE_TYPE, valueCodeableConcept }];
  }
  const author = nte.field(5).repetition(1);
  if (author.hasContent && !author.isDelete) {
    scope.place(nte, 5);
    const who = practitionerOf(new Node(author), scope);
    if (who !== undefined) annotation.authorReference = who as Json;
  }
  const at = nte.get(6)?.trim();
  if (at) {
    scope.place(nte, 6);
    const time = scope.time(at, 'dateTime');
    if (time !== undefined) annotation.time = time instanceof Annotated ? time.value : time;
  }
  annotation.text = text;
  return annotation;
}

/** The texts of an NTE, one a repetition. */
export function textsOf(nte: Segment): string[] {
  return nte
    .repetitions(3)
    .map((repetition) => repetition.text)
    .filter((text): text is string => text !== undefined && text.trim() !== '');
}
