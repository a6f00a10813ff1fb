import { GlobalTransaction, Propagation } from 'nestjs-tcc';

interface Order {
  readonly id: string;
  readonly total: bigint;
}

/** What a key may be made of: less than the method gets. */
interface HasId {
  readonly id: string;
}

const note = (text: string): string => text;

/** `@GlobalTransaction()`: any async method; `key` and `fingerprint` typed from the method's parameters. */
export class Initiators {
  @GlobalTransaction()
  async bare(): Promise<void> {}

  @GlobalTransaction({ name: 'named', timeout: '30s', propagation: Propagation.REQUIRES_NEW, order: 'sequence' })
  async named(order: Order, extra: number): Promise<string> {
    return `${order.id} ${extra}`;
  }

  @GlobalTransaction({})
  async empty(order: Order): Promise<Order> {
    return order;
  }

  @GlobalTransaction({ key: (order: Order) => order.id })
  async first(order: Order, extra: Date): Promise<[Order, Date]> {
    return [order, extra];
  }

  @GlobalTransaction({ key: (order: Order, extra: Date) => `${order.id} ${extra.getTime()}` })
  async both(order: Order, extra: Date): Promise<[Order, Date]> {
    return [order, extra];
  }

  @GlobalTransaction({ key: ({ id }: HasId) => id })
  async less(order: Order): Promise<Order> {
    return order;
  }

  @GlobalTransaction({ key: (order: Order | undefined) => order?.id })
  async maybe(order?: Order): Promise<Order | undefined> {
    return order;
  }

  @GlobalTransaction({ key: (id: string, ...others: string[]) => `${id} ${others.length}` })
  async rest(id: string, ...others: string[]): Promise<string> {
    return note(id + others.join());
  }

  @GlobalTransaction({ key: () => 'one' })
  async constant(order: Order): Promise<Order> {
    return order;
  }

  @GlobalTransaction({
    name: 'keyed',
    key: (key: string) => key,
    fingerprint: (_key: string, owner: string, amount: number) => ({ owner, amount }),
  })
  async longerFingerprint(key: string, owner: string, amount: number): Promise<string> {
    return `${key} ${owner} ${amount}`;
  }

  @GlobalTransaction({ key: (_order: Order, key: string) => key, fingerprint: (order: Order) => order.total })
  async longerKey(order: Order, key: string): Promise<string> {
    return `${key} ${order.id}`;
  }

  @GlobalTransaction({ fingerprint: (order: Order) => order.total, key: (order: HasId) => order.id })
  async differentViews(order: Order): Promise<Order> {
    return order;
  }

  @GlobalTransaction()
  async generic<T>(value: T): Promise<T> {
    return value;
  }

  // @ts-expect-error the method's first parameter is something else
  @GlobalTransaction({ key: (order: Order) => order.id })
  async otherFirst(id: string, order: Order): Promise<string> {
    return `${id} ${order.id}`;
  }

  // @ts-expect-error the key wants more parameters than the method gets
  @GlobalTransaction({ key: (order: Order, tenant: string) => `${tenant} ${order.id}` })
  async tooFew(order: Order): Promise<Order> {
    return order;
  }

  // @ts-expect-error the key does not reckon with a missing argument
  @GlobalTransaction({ key: (order: Order) => order.id })
  async optional(order?: Order): Promise<Order | undefined> {
    return order;
  }

  // @ts-expect-error the fingerprint's first parameter is something else
  @GlobalTransaction({ key: (order: Order) => order.id, fingerprint: (id: string) => id })
  async otherFingerprint(order: Order): Promise<Order> {
    return order;
  }

  // @ts-expect-error a key is a string
  @GlobalTransaction({ key: (order: Order) => order.total })
  async noString(order: Order): Promise<Order> {
    return order;
  }

  // @ts-expect-error not async
  @GlobalTransaction()
  notAsync(): number {
    return 1;
  }

  // @ts-expect-error not async
  @GlobalTransaction({ key: (order: Order) => order.id })
  notAsyncWithKey(order: Order): Order {
    return order;
  }

  // @ts-expect-error a length of time has a unit
  @GlobalTransaction({ timeout: '30' })
  async noUnit(): Promise<void> {}

  // @ts-expect-error no such unit
  @GlobalTransaction({ timeout: '3 weeks' })
  async noSuchUnit(): Promise<void> {}

  // @ts-expect-error no such option
  @GlobalTransaction({ idempotencyKey: (order: Order) => order.id })
  async noSuchOption(order: Order): Promise<Order> {
    return order;
  }
}
