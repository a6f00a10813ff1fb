import type { BranchKind } from 'nestjs-tcc';
import type { Order, OrderKind, Receipt } from '../app/protocol.js';
import type { Event } from '../history.js';
import { FUNDS, OWNERS } from '../world/topology.js';
import type {
  BarrierRow,
  BranchRow,
  ChangeRow,
  ChargeRow,
  FinalState,
  HoldRow,
  JournalRow,
  TransactionRow,
  WalletRow,
} from './state.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Rows<T> = Mutable<T>[];

/** A history and a final state that can be doctored. */
export interface DoctoredRun {
  events: Event[];
  transactions: Rows<TransactionRow>;
  branches: Rows<BranchRow>;
  changes: Rows<ChangeRow>;
  barriers: Rows<BarrierRow>;
  journal: Rows<JournalRow>;
  wallets: Rows<WalletRow>;
  holds: Rows<HoldRow>;
  charges: Rows<ChargeRow>;
}

export const stateOf = ({ events: _events, ...state }: DoctoredRun): FinalState => state;

/** How a branch is meant to end. */
export interface Plan {
  readonly does: string;
  readonly kind?: BranchKind;
  readonly confirm: boolean;
  /** Its try took no effect. */
  readonly refused?: boolean;
}

const DEADLINE = 1_000_000;
const AMOUNT = 10;
const xidOf = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** Makes rows as the applications do. */
class RunMaker {
  readonly run: DoctoredRun = {
    events: [],
    transactions: [],
    branches: [],
    changes: [],
    barriers: [],
    journal: [],
    wallets: (['north', 'south', 'points'] as const).flatMap((database) =>
      OWNERS.map((owner) => ({ database, owner, balance: FUNDS, held: 0, incoming: 0 })),
    ),
    holds: [],
    charges: [],
  };
  private transactions = 0;
  private clock = 0;

  order(id: string, kind: OrderKind): Order {
    return { id, kind, from: 'north', payer: OWNERS[0]!, payee: OWNERS[1]!, amount: AMOUNT };
  }

  transaction(orderId: string, plans: readonly Plan[], more: Partial<TransactionRow> = {}): string {
    const xid = xidOf(++this.transactions);
    const status = more.status ?? 'confirmed';
    this.run.transactions.push({
      ledger: 'bank_ledger',
      xid,
      name: 'transfer',
      key: null,
      status,
      settled: true,
      confirms: Object.fromEntries(plans.map(({ confirm }, index) => [index + 1, confirm])),
      result: null,
      deadline: DEADLINE,
      ...more,
    });
    const deciding = status === 'confirmed' ? 'confirming' : 'cancelling';
    this.run.changes.push({ xid, was: 'trying', became: deciding }, { xid, was: deciding, became: status });
    plans.forEach((plan, index) => this.branch(xid, index + 1, orderId, plan));
    return xid;
  }

  tell(order: Order, ...told: readonly Partial<Event>[]): void {
    const common = { client: 1, instance: 'bank-1', order };
    for (const event of told) this.run.events.push({ ...common, at: (this.clock += 100), ...event } as Event);
  }

  receipt(xid: string, did: readonly string[], inner?: Receipt['inner']): Partial<Event> {
    const receipt = { xid, did, at: new Date(0), amount: BigInt(AMOUNT), ...(inner ? { inner } : {}) };
    return { type: 'ok', receipt, text: `${xid} ${did.join()}`, late: false };
  }

  private branch(xid: string, seq: number, orderId: string, { does, kind = 'tcc', confirm, refused }: Plan): void {
    const [participant, method] = does.split('.') as [string, string];
    this.run.branches.push({ xid, seq, participant, method, kind, orderId, parkedBecause: null });
    const key = `${xid}:${seq}`;
    if (participant === 'third') {
      if (method !== 'charge' || refused) return;
      const counts = confirm ? { tries: 1, captures: 1, refunds: 0 } : { tries: 1, captures: 0, refunds: 1 };
      this.run.charges.push({ key, orderId, status: confirm ? 'captured' : 'released', ...counts, at: DEADLINE - 500 });
      return;
    }
    const database = participant as 'north' | 'south' | 'points';
    const status = confirm ? 'confirmed' : refused || kind === 'message' ? 'suspended' : 'cancelled';
    this.run.barriers.push({ database, xid, seq, status });
    const amount = does.endsWith('withdraw') || does.endsWith('redeem') ? -AMOUNT : AMOUNT;
    const write = (entry: JournalRow['entry']): void =>
      void this.run.journal.push({ database, key, orderId, entry, amount });
    if (kind === 'message') {
      if (confirm) write('message');
      return;
    }
    if (refused) return;
    write('try');
    if (!confirm) write('cancel');
    else if (kind === 'tcc') write('confirm');
    if (confirm) this.run.wallets.find((wallet) => wallet.database === database)!.balance += amount;
  }
}

const MOVE: readonly Plan[] = [
  { does: 'north.withdraw', confirm: true },
  { does: 'south.deposit', confirm: true },
];
const MOVED = MOVE.map(({ does }) => does);
const UNDONE: readonly Plan[] = [
  { does: 'north.withdraw', confirm: false },
  { does: 'south.deposit', confirm: false, refused: true },
];

/** A run in which everything went as promised, with something for every check to look at. */
export function healthyRun(): DoctoredRun {
  const make = new RunMaker();
  const { run } = make;

  const done = make.order('order-done', 'transfer');
  make.tell(done, { type: 'invoke' }, make.receipt(make.transaction(done.id, MOVE), MOVED));

  const refused = make.order('order-refused', 'refused');
  make.transaction(refused.id, [...UNDONE, { does: 'points.earn', kind: 'saga', confirm: false }], {
    status: 'cancelled',
  });
  make.tell(
    refused,
    { type: 'invoke' },
    { type: 'fail', code: 'NOT_ENOUGH', message: '', xid: undefined, late: false },
  );

  const keyed = make.order('order-keyed', 'keyed');
  make.transaction(keyed.id, UNDONE, { status: 'cancelled', name: 'keyed', key: keyed.id });
  const note: Plan = { does: 'points.note', kind: 'message', confirm: true };
  const keyedXid = make.transaction(keyed.id, [...MOVE, note], { name: 'keyed', key: keyed.id });
  const answer = make.receipt(keyedXid, [...MOVED, note.does]);
  run.transactions.at(-1)!.result = (answer as { text: string }).text;
  const lost = { type: 'info', code: 'its process died', xid: undefined } as const;
  make.tell(keyed, { type: 'invoke' }, lost, { type: 'invoke' }, answer, { type: 'invoke' }, answer);

  const doubtful = make.order('order-doubtful', 'parallel');
  const doubtXid = make.transaction(doubtful.id, [...MOVE, { does: 'points.earn', kind: 'saga', confirm: true }]);
  make.tell(
    doubtful,
    { type: 'invoke' },
    { type: 'info', code: 'TCC_IN_DOUBT', xid: doubtXid },
    { type: 'outcome', xid: doubtXid, status: 'confirming' },
  );

  const fallback = make.order('order-fallback', 'fallback');
  const wallet = make.transaction(fallback.id, [
    ...MOVE,
    { does: 'third.charge', confirm: false },
    { does: 'points.redeem', confirm: true },
  ]);
  make.tell(fallback, { type: 'invoke' }, make.receipt(wallet, [...MOVED, 'points.redeem']));

  const charged = make.order('order-charged', 'sequence');
  const card = make.transaction(charged.id, [...MOVE, { does: 'third.charge', confirm: true }]);
  make.tell(charged, { type: 'invoke' }, make.receipt(card, [...MOVED, 'third.charge']));

  const follow = make.order('order-follow', 'follow');
  const first = make.transaction(follow.id, [...MOVE, { does: 'third.follow', kind: 'message', confirm: true }]);
  const earned: Plan = { does: 'points.earn', kind: 'saga', confirm: true };
  make.transaction(`${follow.id}/follow`, [earned], { name: 'follow-up', key: `${first}:3` });
  make.tell(follow, { type: 'invoke' }, make.receipt(first, [...MOVED, 'third.follow']));

  const nested = make.order('order-nested', 'nested');
  const inner = { xid: make.transaction(`${nested.id}/fee`, [earned]), did: [earned.does] };
  make.tell(nested, { type: 'invoke' }, make.receipt(make.transaction(nested.id, MOVE), MOVED, inner));
  return run;
}
