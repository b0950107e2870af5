import type { Attachment, Communication, DocumentReference } from '@medplum/fhirtypes';
import type { Found } from '../../src/mapping/outbound/event.ts';
import { type Entry, element, type Scene } from '../../src/mapping/outbound/scene.ts';
import { noteOf } from './note-parts.ts';

/** Attachments with content: those of the note and of the documents it names, except the text that the note itself repeats. */
export function attachmentsOf(scene: Scene): readonly Found[] {
  const note = noteOf(scene);
  if (note === undefined || note !== scene.focus) return [];
  const { payload = [] } = note.value as Communication;
  const hasText = payload.some(({ contentString }) => contentString !== undefined);
  return payload.flatMap(({ contentAttachment, contentReference }, index) => {
    const path = `${note.path}.payload[${index}].contentAttachment`;
    if (contentAttachment !== undefined) return withData([{ value: contentAttachment, path }]);
    const document = scene.at(contentReference);
    return document === undefined
      ? []
      : withData(contentOf(document)).filter(({ value }) => !(hasText && isText(value)));
  });
}

/** The document a note was made of: its number, its text and the reference to it say nothing that the note does not. */
export function retoldDocuments(scene: Scene): readonly string[] {
  const { payload = [] } = (noteOf(scene)?.value ?? {}) as Communication;
  return payload.flatMap(({ contentReference }, index) => {
    const document = scene.at(contentReference);
    if (document?.value.resourceType !== 'DocumentReference') return [];
    const texts = contentOf(document).filter(({ value }) => isText(value));
    const own = [
      'masterIdentifier',
      'status',
      'docStatus',
      'type',
      'subject',
      'date',
      'author',
      'context',
      'relatesTo',
    ];
    return [
      `${noteOf(scene)?.path}.payload[${index}]`,
      ...texts.map(({ path }) => path),
      ...own.filter((name) => element(document, name) !== undefined).map((name) => `${document.path}.${name}`),
    ];
  });
}

function contentOf(document: Entry): readonly Found[] {
  const { content = [] } = document.value as DocumentReference;
  return content.map(({ attachment }, index) => ({
    value: attachment,
    path: `${document.path}.content[${index}].attachment`,
  }));
}

const withData = (list: readonly Found[]): readonly Found[] =>
  list.filter(({ value }) => (value as Attachment | undefined)?.data !== undefined);

const isText = (value: unknown): boolean => (value as Attachment).contentType === 'text/plain';
