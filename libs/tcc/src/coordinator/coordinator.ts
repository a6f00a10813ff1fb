import { currentContext, runWith } from '../context/execution-context.js';
import { storableKey } from '../core/idempotency-key.js';
import { rulePropagation } from '../core/propagation.js';
import { ActiveTransactionError } from '../errors/active-transaction.error.js';
import { NestedTryError } from '../errors/nested-try.error.js';
import { NoGlobalTransactionError } from '../errors/no-global-transaction.error.js';
import { TransactionCancelledError } from '../errors/transaction-cancelled.error.js';
import { TransactionClosedError } from '../errors/transaction-closed.error.js';
import { noFaults, type FaultHook } from '../core/fault-point.js';
import { promised } from '../core/promised.js';
import type { Payloads } from '../core/codec/payloads.js';
import type { GroupCommit } from '../ledger/group-commit.js';
import { ActiveTransaction } from './active-transaction.js';
import { beginWithKey } from './begin-with-key.js';
import type { Decider } from './decider.js';
import { Deadline } from './deadline.js';
import { rememberXid } from './error-xids.js';
import type { GlobalCall } from './global-call.js';
import type { InFlight } from './in-flight.js';
import { Scope } from './scope.js';

/** Runs initiators: begins, joins, decides, and says how it ended. */
export class Coordinator {
  constructor(
    private readonly service: string,
    private readonly commits: GroupCommit,
    private readonly payloads: Payloads,
    private readonly decider: Decider,
    private readonly inFlight: InFlight,
    private readonly faults: FaultHook,
  ) {}

  /** Runs a method under a global transaction, as its propagation says. */
  run(call: GlobalCall): Promise<unknown> {
    return promised(() => this.runAsItSays(call));
  }

  private runAsItSays(call: GlobalCall): unknown {
    const { branch, baggage } = currentContext();
    // A message without database may start a transaction of its own: its phase holds no local transaction open.
    const mayBegin = branch?.kind === 'message' && branch.local?.dataSource === undefined;
    if (branch && !mayBegin) throw new NestedTryError(call.name, `${branch.phase} of ${branch.name}`, branch.xid);
    const active = this.activeScope();
    switch (rulePropagation(call.propagation, active !== undefined)) {
      case 'begin':
        return this.inFlight.add(this.begin(call, baggage));
      case 'join':
        return this.join(active!, call);
      case 'without':
        return runWith({ scope: undefined }, call.body);
      case 'refuse-none':
        throw new NoGlobalTransactionError(call.name);
      case 'refuse-active':
        throw new ActiveTransactionError(call.name, active!.xid);
    }
  }

  /** The transaction around the caller, unless it is another application's in this process. */
  activeScope(): Scope | undefined {
    const { scope } = currentContext();
    return scope instanceof Scope && scope.transaction.home === this ? scope : undefined;
  }

  private async join(parent: Scope, call: GlobalCall): Promise<unknown> {
    if (parent.isClosed) throw new TransactionClosedError(call.name, parent.xid);
    const scope = new Scope(parent.transaction, parent);
    try {
      return await promised(() => runWith({ scope }, call.body));
    } catch (error) {
      // exactly the branches called inside are to cancel, whether or not the caller catches this
      scope.fail();
      throw error;
    } finally {
      scope.close();
    }
  }

  private async begin(call: GlobalCall, baggage: Readonly<Record<string, string>>): Promise<unknown> {
    const key = call.key === undefined ? undefined : storableKey(call.key);
    const transaction = new ActiveTransaction(
      {
        service: this.service,
        name: call.name,
        timeoutMs: call.timeoutMs,
        order: call.order,
        baggage,
        key,
        fingerprint: key === undefined ? undefined : this.payloads.fingerprint(call.fingerprint, call.name),
      },
      this.commits,
      this,
    );
    try {
      if (key !== undefined) {
        const known = await beginWithKey(transaction, call.key!, this.commits);
        if (known) return this.payloads.decode(known.result, `Stored result of ${call.name}`);
      }
      return await this.runBegun(transaction, call);
    } catch (error) {
      throw rememberXid(error, transaction.xid);
    } finally {
      if (this.faults !== noFaults) await this.faults('initiator.answering', { xids: [transaction.xid] });
    }
  }

  private async runBegun(transaction: ActiveTransaction, call: GlobalCall): Promise<unknown> {
    const deadline = new Deadline(transaction);
    // The phase of a message that begins a transaction ends here: inside it, tries are what they are anywhere.
    const running = promised(() => runWith({ scope: transaction.root, branch: undefined }, call.body));
    let value: unknown;
    let result: string | undefined;
    try {
      value = await deadline.race(running);
      transaction.close('returned');
      const recording = transaction.messagesRecorded();
      if (recording) await recording;
      if (call.key !== undefined && !transaction.cancelOnly) result = this.payloads.encodeResult(value, call.name);
    } catch (error) {
      transaction.close('failed');
      await this.decider.cancel(
        transaction,
        call.phaseTwo,
        deadline.error !== undefined && error === deadline.error ? 'the caller waits for it' : 'the error says enough',
      );
      throw error;
    }
    if (!transaction.cancelOnly) await this.decider.confirm(transaction, call.phaseTwo, result);
    else {
      await this.decider.cancel(transaction, call.phaseTwo, 'the caller waits for it');
      if (transaction.cancelledFromWithin)
        throw new TransactionCancelledError(call.name, transaction.xid, 'a joined method called cancelOnly()');
    }
    return value;
  }
}
