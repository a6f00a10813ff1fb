// What the storefront knows of the payment: this file only, so that the payment may run anywhere.

/** One customer's account, in cents. `balance + held + captured` never changes. */
export interface Account {
  readonly customer: string;
  readonly balance: number;
  readonly held: number;
  readonly captured: number;
}

/** The participant `payment`. Amounts are in cents. */
export interface Payment {
  /**
   * Balance becomes held; when confirmed: captured.
   *
   * @throws UnknownCustomerError, InsufficientFundsError
   */
  authorize(customer: string, amount: number): Promise<void>;

  /**
   * Captured becomes held; when confirmed: balance.
   *
   * @throws UnknownCustomerError, NotCapturedError
   */
  refund(customer: string, amount: number): Promise<void>;
}

/** Reads accounts, outside any transaction. */
export interface Accounts {
  /** @returns undefined: there is no such customer */
  find(customer: string): Promise<Account | undefined>;

  /** Resolves when the payment answers. */
  ping(): Promise<void>;
}

/** Injection token of {@link Accounts}. {@link Payment} is injected with `@InjectParticipant('payment')`. */
export const ACCOUNTS = Symbol('ACCOUNTS');
