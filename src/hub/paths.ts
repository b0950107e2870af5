/**
 * Where the program's own files lie. From source this module is src/hub/paths.ts; bundled it is a file directly in dist/,
 * because Node strips no types under node_modules. Rule: DESIGN 2.
 */
export const fromSource = import.meta.url.endsWith('.ts');

/** Module of a worker thread: `store-worker`, `journal-worker`. */
export function workerUrl(name: string): URL {
  return fromSource
    ? new URL(`../workers/${name}.ts`, import.meta.url)
    : new URL(`./workers/${name}.js`, import.meta.url);
}

/** A file of the build folder, e.g. `definitions.json.gz`. */
export function buildFile(name: string): URL {
  return new URL(fromSource ? `../../build/${name}` : `../build/${name}`, import.meta.url);
}

/** Bundled bots of the package. */
export const botFolder = new URL('./bots/', import.meta.url);

/** What bundles the bots; absent in the package, which has them bundled. */
export const bundlerScript = fromSource ? new URL('../../scripts/bundle-bots.mjs', import.meta.url) : undefined;
