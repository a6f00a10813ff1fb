/**
 * Status of a global transaction. `confirming` and `cancelling` mean decided, phase two owed.
 *
 * @publicApi
 */
export type TransactionStatus = 'trying' | 'confirming' | 'confirmed' | 'cancelling' | 'cancelled';

/** What a decision says. */
export type Decision = 'confirming' | 'cancelling';

/**
 * The three phases of a branch.
 *
 * @publicApi
 */
export type Phase = 'try' | 'confirm' | 'cancel';

/**
 * `tcc`: try, confirm, cancel. `saga`: a try that takes effect at once and has only a cancel. `message`: no try; its
 * body runs as confirm.
 *
 * @publicApi
 */
export type BranchKind = 'tcc' | 'saga' | 'message';

const SETTLED = { confirming: 'confirmed', cancelling: 'cancelled' } as const;

/** Where a decided transaction ends when every branch has settled. */
export const settledAs = (decision: Decision): 'confirmed' | 'cancelled' => SETTLED[decision];

/** Whether the decision to confirm has been taken. */
export const isConfirmed = (status: TransactionStatus): boolean => status === 'confirming' || status === 'confirmed';

/** Whether the decision to cancel has been taken. */
export const isCancelled = (status: TransactionStatus): boolean => status === 'cancelling' || status === 'cancelled';
