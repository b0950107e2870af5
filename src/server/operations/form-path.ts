import { createContext, Script } from 'node:vm';
import type { Model } from 'fhirpath';
import { refuse } from '../refusal.ts';

/** For all expressions of one call, and for one of them. What takes longer is a loop somebody wrote. */
const CALL_MS_MAX = 2000;
const EXPRESSION_MS_MAX = 500;

const sandbox = createContext({ run: undefined as (() => unknown) | undefined });
const RUN = new Script('run()');

let library: ReturnType<typeof load> | undefined;

/** The first expression pays for the parser's tables and the model: that one is ours, and is not timed. */
async function load() {
  const [{ default: fhirpath }, { default: r4 }] = await Promise.all([
    import('fhirpath'),
    import('fhirpath/fhir-context/r4/index.js'),
  ]);
  fhirpath.evaluate({ resourceType: 'Patient' }, 'Patient.name.given.first()', {}, r4 as Model);
  return { fhirpath, r4: r4 as Model };
}

/**
 * Runs FHIRPath that a client wrote, within a time limit that ends it wherever it is: on PostgreSQL it runs where all else of the
 * hub runs. `resolve()` and `memberOf()` ask nobody and fail; `trace()` prints nothing. The library is loaded at the first call.
 */
export class FormPath {
  #leftMs = CALL_MS_MAX;

  /** Values as plain JSON. Throws for what cannot be evaluated, and 422 when the call has used up its time. */
  async evaluate(expression: string, variables: Readonly<Record<string, unknown>>): Promise<unknown[]> {
    library ??= load();
    const { fhirpath, r4 } = await library;
    const focus = (variables.context ?? variables.resource ?? {}) as object;
    if (this.#leftMs < 1) throw refuse(422, 'too-costly', 'the expressions of the form take too long');
    const began = performance.now();
    try {
      sandbox.run = () =>
        fhirpath.evaluate(focus, expression, { ...variables }, r4, { async: false, traceFn: () => {} });
      const values = RUN.runInContext(sandbox, {
        timeout: Math.ceil(Math.min(EXPRESSION_MS_MAX, this.#leftMs)),
      }) as unknown[];
      return values.map((value) =>
        typeof value === 'object' && value !== null && 'asStr' in value ? (value as { asStr: string }).asStr : value,
      );
    } finally {
      sandbox.run = undefined;
      this.#leftMs -= performance.now() - began;
    }
  }
}
