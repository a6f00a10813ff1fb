// What each folder of libs/tcc/src may import, from the bottom up: a folder sees those before it, never those after.
const LAYERS = [
  ['errors'],
  ['core'],
  ['context'],
  ['observability'],
  ['postgres'],
  ['ledger', 'barrier'],
  ['participant'],
  ['coordinator'],
  ['recovery'],
  ['transport'],
];
const upward = LAYERS.map((folders, level) => ({
  name: `${folders.join('-and-')}-imports-downwards`,
  severity: 'error',
  from: { path: `^libs/tcc/src/(${folders.join('|')})/` },
  to: {
    path: `^libs/tcc/src/(${[...LAYERS.slice(level + 1).flat(), 'decorators'].join('|')}|[^/]+\\.module|[^/]+\\.ts$)`,
    pathNot: '^libs/tcc/src/tcc\\.(constants|options)\\.ts$',
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'no-circular',
      severity: 'error',
      from: { pathNot: '\\.entity\\.ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-is-pure',
      comment: 'rules that a checker can drive without a framework',
      severity: 'error',
      from: { path: '^libs/tcc/src/(core|errors)/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(typeorm|pg|rxjs|@nestjs)/' },
    },
    {
      name: 'typeorm-only-at-the-barrier',
      severity: 'error',
      from: { path: '^libs/tcc/src/', pathNot: '^libs/tcc/src/(barrier/|[^/]+\\.ts$)|\\.spec\\.ts$' },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'decorators-know-no-machinery',
      severity: 'error',
      from: { path: '^libs/tcc/src/decorators/' },
      to: { path: '^libs/tcc/src/(ledger|barrier|coordinator|recovery|transport)/' },
    },
    { name: 'libs-not-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'tcc-not-testing',
      severity: 'error',
      from: { path: '^libs/tcc/' },
      to: { path: '^libs/tcc-(testing|console)/' },
    },
    {
      name: 'apps-use-public-entry',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts)' },
    },
    {
      name: 'testing-uses-public-entry',
      severity: 'error',
      from: { path: '^libs/tcc-testing/' },
      to: { path: '^libs/tcc/src/(?!index\\.ts)' },
    },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^libs/[^/]+/src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
};
