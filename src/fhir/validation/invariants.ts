import type { Definitions, Invariant } from '../definitions.ts';
import { compilePath } from '../path/compile.ts';
import { isTrue, type Run, type Scope } from '../path/nodes.ts';
import { scopeOf } from '../search-values.ts';
import { type Check, type Checker, report } from './check.ts';

/** Compiles the invariants of a type or element; each is compiled on its first use. */
export function invariantChecker(
  invariants: readonly Invariant[],
  type: string | undefined,
  definitions: Definitions,
): Checker {
  const compiled = invariants.map((invariant) => ({ invariant, run: lazily(invariant, type, definitions) }));
  return (value, check) => {
    const scope = scopeAt(check, value);
    for (const { invariant, run } of compiled) {
      if (isTrue(run([value], scope))) continue;
      report(check, 'invariant', invariant.key, `${invariant.human} (${invariant.key})`, undefined, invariant.severity);
    }
  };
}

function lazily(invariant: Invariant, type: string | undefined, definitions: Definitions): Run {
  let run: Run | undefined;
  return (focus, scope) => {
    run ??= compilePath(invariant.expression, type ?? '', definitions).run;
    return run(focus, scope);
  };
}

function scopeAt(check: Check, value: unknown): Scope {
  return { ...scopeOf(check.root), resource: check.resource, rootResource: check.root, context: value };
}
