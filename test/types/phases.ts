import { Cancel, Confirm, Message, Participant, Try } from 'nestjs-tcc';

interface Order {
  readonly id: string;
}
interface Hold {
  readonly hold: string;
}

/** What a confirm and a cancel may look like, compared with their try. */
@Participant('payment', { dataSource: 'payment', effects: 'database' })
export class Payment {
  @Try()
  async authorize(order: Order): Promise<Hold> {
    return { hold: order.id };
  }
  @Confirm('authorize')
  async capture(_order: Order, _hold: Hold): Promise<void> {}
  @Confirm('authorize')
  async captureWithout(_order: Order): Promise<void> {}
  @Confirm('authorize')
  captureNow(): void {}
  @Confirm('authorize')
  async captureAny(_order: unknown, _hold: { readonly hold: string | number }): Promise<void> {}
  @Cancel('authorize')
  async release(_order: Order): Promise<void> {}
  @Cancel('authorize', { evenIfNotTried: true })
  releaseNow(): void {}

  // @ts-expect-error the try returns a Hold
  @Confirm('authorize')
  async wrongResult(_order: Order, _hold: number): Promise<void> {}
  // @ts-expect-error the try takes an Order
  @Confirm('authorize')
  async wrongArgument(_id: string, _hold: Hold): Promise<void> {}
  // @ts-expect-error nothing comes behind the result
  @Confirm('authorize')
  async tooMany(_order: Order, _hold: Hold, _more: string): Promise<void> {}
  // @ts-expect-error no such method
  @Confirm('authorise')
  async misspelt(_order: Order): Promise<void> {}
  // @ts-expect-error a cancel gets no result: the try may not have returned
  @Cancel('authorize')
  async cancelWithResult(_order: Order, _hold: Hold): Promise<void> {}
  // @ts-expect-error the try takes an Order
  @Cancel('authorize')
  async cancelWrong(_id: string): Promise<void> {}
  // @ts-expect-error nobody would get what it returns
  @Confirm('authorize')
  async returning(_order: Order): Promise<Hold> {
    return { hold: '' };
  }
  // @ts-expect-error not async
  @Try()
  notAsync(order: Order): Hold {
    return { hold: order.id };
  }
  // @ts-expect-error a field is no method
  @Try()
  field = async (): Promise<void> => {};
  // @ts-expect-error a getter is no method
  @Try()
  get getter(): string {
    return '';
  }
  sync(): void {}
  // @ts-expect-error not a try: it is not async
  @Confirm('sync')
  async ofSync(): Promise<void> {}
}

/** Optional, default and rest parameters keep their place in front of the result. */
@Participant('stock')
export class Stock {
  @Try({ name: 'reserve', timeLimit: '5s' })
  async optional(_order: Order, _count?: number): Promise<Hold> {
    return { hold: '' };
  }
  @Confirm('optional')
  async useOptional(_order: Order, _count: number | undefined, _hold: Hold): Promise<void> {}
  @Confirm('optional')
  async useShort(_order: Order, _count?: number): Promise<void> {}
  // @ts-expect-error the count may be missing
  @Confirm('optional')
  async useStrict(_order: Order, _count: number, _hold: Hold): Promise<void> {}
  @Cancel('optional')
  async giveBack(_order: Order, _count?: number): Promise<void> {}
  // @ts-expect-error the count may be missing
  @Cancel('optional')
  async giveBackStrict(_order: Order, _count: number): Promise<void> {}

  @Try()
  async defaulted(_order: Order, _count = 1): Promise<Hold> {
    return { hold: '' };
  }
  @Confirm('defaulted')
  async useDefaulted(_order: Order, _count: number | undefined, _hold: Hold): Promise<void> {}

  @Try()
  async rest(...orders: Order[]): Promise<number> {
    return orders.length;
  }
  @Confirm('rest')
  async useRest(...all: [...Order[], number]): Promise<void> {
    return void all;
  }
  @Cancel('rest')
  async giveBackRest(...orders: Order[]): Promise<void> {
    return void orders;
  }

  @Try()
  async nothing(): Promise<void> {}
  @Confirm('nothing')
  async useNothing(): Promise<void> {}
  @Cancel('nothing')
  async giveBackNothing(): Promise<void> {}

  @Try()
  async union(_order: Order): Promise<Hold | undefined> {
    return undefined;
  }
  // @ts-expect-error the try may return undefined
  @Confirm('union')
  async useUnion(_order: Order, _hold: Hold): Promise<void> {}
}

/** Saga steps, tries without time limit, messages. */
@Participant('third-party', { dataSource: false })
export class ThirdParty {
  @Try({ confirm: false, timeLimit: 5_000 })
  async pay(): Promise<void> {}
  // @ts-expect-error only false: what is there says so by its decorator
  @Try({ confirm: true })
  async confirmTrue(): Promise<void> {}
  // @ts-expect-error a length of time has a unit
  @Try({ timeLimit: '5' })
  async noUnit(): Promise<void> {}

  @Message()
  async told(_order: Order): Promise<void> {}
  @Message({ name: 'mail' })
  async mail(_to: string, _cc?: string): Promise<void> {}
  // @ts-expect-error its body runs later: there is nothing that a caller could get
  @Message()
  async answers(): Promise<string> {
    return '';
  }
  @Message()
  sync(): void {}
}

// @ts-expect-error a participant has a name
@Participant()
export class Nameless {}

// @ts-expect-error the only promise about effects
@Participant('x', { effects: 'none' })
export class Effects {}
