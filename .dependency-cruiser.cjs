const layers = require('./layers.cjs');

const path = (layer) => (layer === 'mappings' || layer === 'bots' ? `^${layer}/` : `^src/${layer}/`);
const PURE = ['model', 'hl7', 'fhir', 'mapping', 'rules'];
const IO =
  '^(node:)?(fs|fs/promises|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster|os|sqlite|timers|timers/promises)$';

module.exports = {
  forbidden: [
    ...Object.entries(layers).map(([layer, allowed]) => ({
      name: `${layer}-imports-its-layers-only`,
      severity: 'error',
      from: { path: path(layer) },
      to: { path: '^(src|bots|mappings|test|fixtures|scripts|bench)/', pathNot: [layer, ...allowed].map(path) },
    })),
    {
      name: 'pure-folders-do-no-io',
      severity: 'error',
      from: { path: [...PURE.map(path), path('mappings'), '^bots/.*/rule\\.ts$'] },
      to: { path: IO },
    },
    {
      name: 'hashes-in-fhir-only',
      severity: 'error',
      from: { path: ['model', 'hl7', 'mapping', 'rules', 'mappings'].map(path) },
      to: { path: '^(node:)?crypto$' },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(src|bots|mappings)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      // It is run against other servers: an address is all it may know.
      name: 'conformance-suite-knows-no-product',
      severity: 'error',
      from: { path: '^test/conformance/(run|suite|suite/[a-z-]+)\\.ts$' },
      to: { pathNot: '^(test/conformance/|node:|assert|crypto|util|timers)' },
    },
    {
      name: 'runtime-needs-no-development-package',
      severity: 'error',
      from: { path: '^(src|bots|mappings)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^@medplum/fhirtypes$'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'],
    },
  },
};
