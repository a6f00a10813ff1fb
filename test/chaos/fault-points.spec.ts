import { TCC_LEDGER, type FaultHook, type LedgerBatch, type LedgerPort, type Lease } from 'nestjs-tcc';
import pg from 'pg';
import { createBankDatabases, startBank, type BankDatabases } from '../support/bank/bank-app.js';
import { POINTS_HERE, SCENARIO_NAMES } from '../support/processes/crash-rows.js';
import { startScenario, type ScenarioApp } from '../support/processes/scenario-app.js';
import { ScenarioAudit } from '../support/processes/scenario-audit.js';
import { ThirdParty } from '../support/processes/scenario-participants.js';
import { SCENARIOS } from '../support/processes/scenarios.js';

/** What a method of the ledger writes, by the middle word of its fault points. A new method does not compile before it is entered here. */
const WRITES: Record<keyof LedgerPort, 'by kind' | 'claim' | 'renew' | 'release' | 'hand-back' | 'nothing'> = {
  flush: 'by kind',
  claim: 'claim',
  renew: 'renew',
  release: 'release',
  handBack: 'hand-back',
  open: 'nothing',
  close: 'nothing',
  ping: 'nothing',
  branches: 'nothing',
  find: 'nothing',
  backlog: 'nothing',
  // removes what is over, in one statement: it happens or does not
  purge: 'nothing',
  onRelease: 'nothing',
};

const KINDS = { begins: 'begin', registers: 'register', decides: 'decide', settles: 'settle' } as const;

/** A query as pg is given it: one statement, or several that are sent as one. */
interface Sent {
  readonly text?: string;
  readonly name?: string;
  readonly opening?: readonly { readonly text: string; readonly values: readonly string[] }[];
  readonly queries?: readonly { readonly text: string }[];
}

function textOf(query: string | Sent): string | undefined {
  if (typeof query === 'string') return query;
  const inlined = query.opening?.map(({ text, values }) =>
    text.replace(/\$([1-9])/g, (_, place: string) => `'${values[Number(place) - 1]}'`),
  );
  return query.text ?? (inlined ?? query.queries?.map(({ text }) => text))?.join('; ');
}

/**
 * The crash matrix dies at fault points. Here the writes and calls themselves are watched, from below and from outside:
 * each lies between two points, so that a step that somebody adds cannot be left out.
 */
describe('every step that matters lies between two fault points', () => {
  let databases: BankDatabases;
  let audit: ScenarioAudit;
  const apps: ScenarioApp[] = [];
  /** In order: points in lower case, what was seen of the world in capitals. */
  const events: { readonly about: string; readonly what: string }[] = [];
  const passed = new Set<string>();
  const announced: string[] = [];
  const unannounced: string[] = [];
  let writing = 0;
  let stopWatching = (): void => undefined;

  const note = (about: string, what: string): void => void events.push({ about, what });

  const hookOf =
    (scenario: string): FaultHook =>
    (point, { xids, branch }) => {
      passed.add(point);
      const [area, what, step] = point.split('.') as [string, string, string];
      if (area === 'ledger')
        for (const xid of what === 'claim' ? [scenario] : xids) note(`ledger ${what} ${xid}`, step);
      else note(`${area} ${what} ${xids[0]} ${branch}`, step);
      return undefined;
    };

  /** The methods of the port, told when they are called and when they answer. */
  function watchPort(scenario: string, ledger: LedgerPort): void {
    const about: Partial<Record<keyof LedgerPort, (argument: unknown) => string[]>> = {
      flush: (batch) =>
        Object.entries(KINDS).flatMap(([list, kind]) =>
          (batch as LedgerBatch)[list as keyof LedgerBatch].map(({ xid }) => `ledger ${kind} ${xid}`),
        ),
      claim: () => [`ledger claim ${scenario}`],
      renew: (leases) => (leases as Lease[]).map(({ xid }) => `ledger renew ${xid}`),
      release: (leases) => (leases as Lease[]).map(({ xid }) => `ledger release ${xid}`),
      handBack: (write) => [`ledger hand-back ${(write as Lease).xid}`],
    };
    for (const [name, writes] of Object.entries(WRITES) as [keyof LedgerPort, string][]) {
      if (writes === 'nothing') continue;
      const original = (ledger[name] as (...args: unknown[]) => Promise<unknown>).bind(ledger);
      const watched = async (...args: unknown[]): Promise<unknown> => {
        const things = about[name]!(args[0]);
        writing++;
        for (const each of things) note(each, 'SENT');
        try {
          return await original(...args);
        } finally {
          for (const each of things) note(each, 'ANSWERED');
          writing--;
        }
      };
      Object.assign(ledger, { [name]: watched });
    }
  }

  /** Every statement on its way to Postgres, whoever sends it. */
  function watchStatements(): () => void {
    const open = new WeakMap<object, string>();
    const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
    const original = prototype.query;
    const statements = new Map<string, string>();
    prototype.query = function (this: object, ...args: unknown[]) {
      const [first] = args as [string | Sent];
      const text = textOf(first) ?? statements.get((first as Sent).name ?? '') ?? '';
      if (typeof first === 'object' && first.name !== undefined && first.text) statements.set(first.name, first.text);
      const key = /tcc_barrier.*?'([0-9a-f-]{36})'(?:::uuid)?(?:, | and seq = )'(\d+)'/.exec(text);
      if (key && text.startsWith('begin')) {
        const phase = text.includes("'tried')") ? 'try' : text.includes("'suspended'") ? 'cancel' : 'confirm';
        open.set(this, `barrier ${phase} ${key[1]}:${key[2]}`);
        note(open.get(this)!, 'BEGIN');
      } else if (open.has(this) && /^(commit|rollback)$/i.test(text)) {
        note(open.get(this)!, text.toUpperCase());
        open.delete(this);
      }
      if (/(insert into|update|delete from) tcc_(transaction|branch|attempt|audit)/.test(text))
        (writing > 0 ? announced : unannounced).push(text);
      return original.apply(this, args);
    };
    return () => void (prototype.query = original);
  }

  beforeAll(async () => {
    databases = await createBankDatabases();
    await (await startBank(databases)).close();
    audit = await ScenarioAudit.of(databases);
    const rows = SCENARIO_NAMES.map((scenario) => ({ owner: scenario, scenario }));
    await audit.fund(rows);
    for (const { scenario } of rows) {
      const { options } = SCENARIOS[scenario];
      const app = await startScenario(databases, scenario, { ...options, service: scenario, faults: hookOf(scenario) });
      apps.push(app);
      watchPort(scenario, app.bank.app.get<LedgerPort>(TCC_LEDGER));
      const { hooks, tcc } = app.bank;
      for (const phase of ['inTry', 'inConfirm', 'inCancel'] as const) {
        const before = hooks[phase];
        hooks[phase] = (owner) => {
          note(`barrier ${tcc.branch.phase} ${tcc.branch.idempotencyKey}`, 'BUSINESS');
          return before(owner);
        };
      }
      const thirdParty = app.bank.app.get(ThirdParty);
      const hear = thirdParty.hear.bind(thirdParty);
      thirdParty.hear = (owner, what) => {
        note(`call ${tcc.branch.phase} ${tcc.branch.idempotencyKey}`, 'BUSINESS');
        return hear(owner, what);
      };
    }
    stopWatching = watchStatements();
    await Promise.all(apps.map((app, index) => app.run(rows[index]!.owner)));
    await audit.settled(SCENARIO_NAMES.filter((name) => name !== 'is shut down while confirming'));
    await Promise.all(apps.map((app) => app.close()));
  });
  afterAll(async () => {
    stopWatching();
    await Promise.all(apps.map((app) => app.close()));
    await audit?.close();
    await databases?.drop();
  });

  /** What happened to each thing of an area. */
  async function historiesOf(area: string): Promise<string[]> {
    const branches = await audit.query<{ key: string; name: string }>(
      `select xid || ':' || seq as key, xid || ' ' || participant || '.' || method as name from tcc_branch`,
    );
    // the world knows a branch by its key, fault points by its name
    const names = new Map(branches.map(({ key, name }) => [key, name]));
    const histories = new Map<string, string[]>();
    for (const { about, what } of events.filter((each) => each.about.startsWith(area))) {
      const thing = about.replace(/\S+:\d+$/, (key) => names.get(key) ?? key);
      histories.set(thing, [...(histories.get(thing) ?? []), what]);
    }
    return [...histories].map(([thing, history]) => `${thing}: ${history.join(' ')}`);
  }

  it('passes each point', () => {
    expect([...passed].sort()).toEqual([...POINTS_HERE].sort());
  });

  it.each([
    ['a write to the ledger', 'ledger', /^(?!ledger claim).*: (sending SENT ANSWERED done ?)+$/, 50],
    // a look that finds nothing writes nothing; those at boot were not watched yet
    ['a claim', 'ledger claim', /: (sending )*(SENT ANSWERED )?(sending SENT ANSWERED( done)? ?)+$/, 2],
    [
      'the local transaction of a phase',
      'barrier',
      // business code may run ahead of the barrier's answer
      /: (opening (BUSINESS BEGIN opened|BEGIN opened( BUSINESS)?) (committing COMMIT committed|ROLLBACK rolled-back) ?)+$/,
      60,
    ],
    ['a call that no barrier guards', 'call', /: (sending BUSINESS answered ?)+$/, 5],
  ] as const)('%s', async (_, area, fitting, least) => {
    const found = (await historiesOf(area)).filter((each) => area !== 'ledger' || !each.startsWith('ledger claim'));
    expect(found.length).toBeGreaterThanOrEqual(least);
    expect(found.filter((each) => !fitting.test(each))).toEqual([]);
  });

  it('and nothing is written past the ledger', () => {
    expect(announced.length).toBeGreaterThanOrEqual(50);
    expect(unannounced).toEqual([]);
  });
});
