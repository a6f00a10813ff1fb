import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (file: string): string => readFileSync(file, 'utf8');
const DOCS = read('docs/shop.md');
const SCRIPTS = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
const SOURCES = readdirSync('apps', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => read(join('apps', file)))
  .join('\n');

const all = (pattern: RegExp): string[] => [...new Set([...DOCS.matchAll(pattern)].map(([, found]) => found!))];

describe('docs/shop.md', () => {
  it('names scripts that there are', () => {
    const named = all(/npm run ([\w:]+)/g);
    expect(named).toEqual(expect.arrayContaining(['start:distributed', 'demo', 'test:distributed']));
    expect(named.filter((script) => SCRIPTS[script] === undefined)).toEqual([]);
  });

  it('names variables that the shop reads, and those that it reads', () => {
    const named = all(/`((?:SHOP|TCC|INVENTORY|PAYMENT|REDIS|NATS|RABBITMQ|DATABASE)_[A-Z_]+)`/g);
    const isRead = (name: string): boolean => SOURCES.includes(`'${name}'`) || SOURCES.includes(`${name}:`);
    const codes = ['TCC_PARTICIPANT_UNREACHABLE', 'TCC_CIRCUIT_OPEN'];
    expect(named.filter((name) => !codes.includes(name) && !isRead(name))).toEqual([]);
    const readByThem = [...SOURCES.matchAll(/(?:text|port|url|requiredUrl|duration|portOf)\('([A-Z_]+)'/g)];
    expect(readByThem.length).toBeGreaterThan(10);
    expect(readByThem.map(([, name]) => name!).filter((name) => !DOCS.includes(`\`${name}\``))).toEqual([]);
  });

  it('names files that there are once it is built', () => {
    const built = all(/`dist\/(apps\/[\w/]+)\.js`/g);
    expect(built).toHaveLength(3);
    for (const file of built) expect(read(`${file}.ts`)).toContain('run');
  });
});
