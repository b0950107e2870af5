/** Which folder may import which (itself always). The table of DESIGN 4; dependency-cruiser reads it. */
module.exports = {
  model: [],
  hl7: ['model'],
  fhir: ['model'],
  config: ['model'],
  mapping: ['model', 'hl7', 'fhir'],
  rules: ['model', 'fhir'],
  database: ['model'],
  server: ['model', 'fhir', 'database'],
  flow: ['model', 'hl7', 'fhir', 'mapping', 'rules', 'database'],
  transport: ['model', 'hl7'],
  api: ['model', 'fhir', 'rules', 'server', 'flow'],
  mappings: ['model', 'hl7', 'fhir', 'mapping'],
  bots: ['model', 'fhir', 'rules'],
};
