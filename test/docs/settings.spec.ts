import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveSettings } from '../../libs/tcc/src/tcc.settings.js';
import { ROOT } from './blocks.js';
import { libraryOf } from './exports.js';

/** The table of settings of the README: default by option. */
function documented(): Map<string, string> {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, section = ''] = /^## Settings\n(.*?)^## /ms.exec(readme) ?? [];
  const rows = [...section.matchAll(/^\| `([\w.]+)` *\| (.*?) *\|/gm)];
  return new Map(rows.map(([, option, fallback]) => [option!, fallback!]));
}

describe('the settings in the README', () => {
  it('are those of TccModule.forRoot(), each', () => {
    const { checker, exports } = libraryOf('tcc');
    const optionsOf = (name: string): string[] =>
      checker
        .getDeclaredTypeOfSymbol(exports.find((exported) => exported.name === name)!.symbol)
        .getProperties()
        .map((property) => property.name);
    const nested = [
      ...optionsOf('RecoveryOptions').map((option) => `recovery.${option}`),
      'retry.initial',
      'retry.cap',
    ];
    const all = [...optionsOf('TccModuleOptions').filter((option) => option !== 'retry'), ...nested];
    expect([...documented().keys()].toSorted()).toEqual(all.toSorted());
  });

  it('have the defaults that the code has', () => {
    const given: Record<string, unknown> = { retry: {}, recovery: {} };
    for (const [option, fallback] of documented()) {
      const value = /^`(.+)`$/.exec(fallback)?.[1];
      if (value === undefined || option === 'codec') continue;
      const parsed: unknown = /^'.*'$/.test(value) ? value.slice(1, -1) : Number(value);
      const [outer, inner] = option.split('.');
      if (inner === undefined) given[option] = parsed;
      else (given[outer!] as Record<string, unknown>)[inner] = parsed;
    }
    const plain = (options: object) => {
      const { owner: _, ...settings } = resolveSettings({ service: 'shop', ...options });
      return settings;
    };
    expect(Object.keys(given)).toEqual(expect.arrayContaining(['timeout', 'lease', 'maxPayloadBytes']));
    expect(plain(given)).toEqual(plain({}));
  });
});
