import {
  defineParticipant,
  defineTry,
  toMilliseconds,
  type BranchFacade,
  type Duration,
  type Tcc,
  type TccModuleOptions,
} from 'nestjs-tcc';
import type { EntityManager } from 'typeorm';

interface Order {
  readonly id: string;
}
interface Hold {
  readonly hold: string;
}

/** Fails to compile unless both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
const same = <A, B>(_proof: Same<A, B>): void => undefined;

const payment = defineParticipant(
  'payment',
  { dataSource: 'payment' },
  {
    authorize: defineTry({
      try: async (order: Order, _count?: number): Promise<Hold> => ({ hold: order.id }),
      confirm: (order, count, hold) => {
        same<typeof order, Order>(true);
        same<typeof count, number | undefined>(true);
        same<typeof hold, Hold>(true);
      },
      cancel: async (order, count) => {
        same<typeof order, Order>(true);
        same<typeof count, number | undefined>(true);
      },
      timeLimit: '5s',
    }),
    paid: defineTry({ try: async (_id: string) => 1n, confirm: false, cancel: () => undefined }),
    told: { message: async (_order: Order): Promise<void> => undefined },
  },
);

defineTry({
  try: async (order: Order) => order.id,
  // @ts-expect-error the try returns a string
  confirm: (_order: Order, _result: number) => undefined,
  cancel: false,
});
defineTry({
  try: async (order: Order) => order.id,
  confirm: false,
  // @ts-expect-error a cancel gets no result
  cancel: (_order: Order, _result: string) => undefined,
});
// @ts-expect-error without a cancel, which says so
defineTry({ try: async (order: Order) => order.id, confirm: false });
defineTry({
  // @ts-expect-error not async
  try: (order: Order) => order.id,
  confirm: false,
  cancel: false,
});

/** Arguments and results of `tcc.branch()` follow from the definition. */
export async function call(tcc: Tcc, order: Order): Promise<void> {
  const hold = await tcc.branch(payment, 'authorize', order);
  same<typeof hold, Hold>(true);
  await tcc.branch(payment, 'authorize', order, 2);
  const paid = await tcc.branch(payment, 'paid', order.id);
  same<typeof paid, bigint>(true);
  const told = await tcc.branch(payment, 'told', order);
  same<typeof told, void>(true);
  // @ts-expect-error no such try
  await tcc.branch(payment, 'authorise', order);
  // @ts-expect-error the try takes an Order
  await tcc.branch(payment, 'authorize', order.id);
  // @ts-expect-error an argument is missing
  await tcc.branch(payment, 'authorize');
  // @ts-expect-error one too many
  await tcc.branch(payment, 'told', order, 2);

  same<typeof tcc.branch, BranchFacade<EntityManager>>(true);
  same<typeof tcc.branch.manager, EntityManager>(true);
  same<typeof tcc.branch.idempotencyKey, string>(true);
  same<typeof tcc.branch.seq, number>(true);
  // @ts-expect-error read only
  tcc.branch.seq = 2;

  const ran = await tcc.run({ name: 'checkout', key: order.id, fingerprint: order }, async () => ({ at: new Date() }));
  same<typeof ran, { at: Date }>(true);
  // @ts-expect-error it has a name
  await tcc.run({}, async () => 1);
  // @ts-expect-error not async
  await tcc.run({ name: 'checkout' }, () => 1);

  const { xid, deadline, signal } = tcc.transaction;
  same<typeof xid, string>(true);
  same<typeof deadline, Date>(true);
  same<typeof signal, AbortSignal>(true);
  const known = tcc.xidOf(new Error('x'));
  same<typeof known, string | undefined>(true);
  tcc.register(payment);
}

/** Lengths of time. */
export const durations: readonly Duration[] = [250, '250ms', '30s', '1.5m', '24h'];
toMilliseconds('30s', 'timeout');
// @ts-expect-error no unit
export const noUnit: Duration = '30';
// @ts-expect-error no such unit
export const noSuchUnit: Duration = '30d';
// @ts-expect-error no number
export const noNumber: Duration = 'ms';
export const isText = (text: string): Duration =>
  // @ts-expect-error any text
  text;

export const options: readonly TccModuleOptions[] = [
  { service: 'shop' },
  { service: 'shop', ledger: { dataSource: 'ledger' }, recovery: { poll: '250ms', concurrency: 10 } },
  { service: 'shop', ledger: { connection: { connectionString: 'postgres://…' } }, recovery: false },
  // @ts-expect-error the name of the service is missing
  { timeout: '30s' },
  // @ts-expect-error no such way
  { service: 'shop', migrations: 'never' },
];
