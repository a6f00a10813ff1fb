import type { LocalTransaction } from '../barrier/barrier.port.js';
import type { BranchExecution } from '../context/branch-execution.js';
import { runDetached } from '../context/execution-context.js';
import type { Payloads } from '../core/codec/payloads.js';
import type { FaultHook } from '../core/fault-point.js';
import { promised } from '../core/promised.js';
import type { RemoteCaller } from './remote/remote-caller.js';
import { fitArguments } from './parameters.js';
import type { ParticipantTry } from './participant.js';
import type { ParticipantRegistry } from './participant.registry.js';
import type { PhaseTwoCall } from './phase-two-call.js';

/** Calls confirm and cancel of participants, here or elsewhere, behind their barrier and outside any global transaction. */
export class PhaseTwoInvoker {
  constructor(
    private readonly registry: ParticipantRegistry,
    private readonly payloads: Payloads,
    private readonly remote: RemoteCaller,
    private readonly faults: FaultHook,
  ) {}

  /**
   * Resolves when the phase is done (now or before).
   *
   * @throws UnknownParticipantError, PayloadError (direction `read`), what the barrier throws, and the method's own error
   */
  call(call: PhaseTwoCall): Promise<unknown> {
    return promised(() => {
      const { participant, method } = call.branch;
      const elsewhere = this.registry.elsewhere(participant);
      if (elsewhere) return this.remote.phaseTwo(elsewhere, call);
      return this.callHere(this.registry.find(participant, method, call.xid), call);
    });
  }

  /** The same in this process. */
  callHere(entry: ParticipantTry, call: PhaseTwoCall): Promise<unknown> {
    return promised(() => {
      const run = this.prepare(entry, call);
      return run instanceof Promise
        ? run.then((located) => this.callLocated(located, entry, call))
        : this.callLocated(run, entry, call);
    });
  }

  private callLocated(run: Run | undefined, entry: ParticipantTry, call: PhaseTwoCall): Promise<unknown> {
    const { barrier } = entry.participant;
    if (!barrier) return run ? this.callUnguarded(run, entry, call) : Promise.resolve();
    return barrier.run(
      {
        xid: call.xid,
        seq: call.branch.seq,
        phase: call.phase,
        kind: entry.kind,
        branch: entry.fullName,
        evenIfNotTried: entry.evenIfNotTried,
        mayRunAhead: entry.participant.effects === 'database',
        deadline: call.giveUpAt,
      },
      run ?? nothing,
    );
  }

  private async callUnguarded(run: Run, entry: ParticipantTry, { xid, phase }: PhaseTwoCall): Promise<void> {
    const about = { xids: [xid], branch: entry.fullName };
    const before = this.faults(`call.${phase}.sending`, about);
    if (before) await before;
    await run();
    const after = this.faults(`call.${phase}.answered`, about);
    if (after) await after;
  }

  /** Everything that can fail before the local transaction is open. Undefined: the phase is absent. */
  private prepare(entry: ParticipantTry, call: PhaseTwoCall): Run | undefined | Promise<Run> {
    const key = call.phase === 'confirm' ? entry.confirm : entry.cancel;
    if (key === undefined) return undefined;
    // Always what was stored, never the live objects: the try may have changed them, and recovery has none.
    const args = this.payloads.decodeArguments(call.branch.args, entry.fullName);
    const withResult = call.phase === 'confirm' && entry.kind !== 'message';
    const passed = withResult ? [...fitArguments(args, entry.parameters), this.resultOf(entry, call)] : args;
    const runOn =
      (self: object): Run =>
      (local) => {
        const branch = new RunningPhase(entry, call, self, key, local);
        const target = self as Record<PropertyKey, (...args: readonly unknown[]) => unknown>;
        return promised(() => runDetached({ branch, baggage: call.baggage }, () => target[key]!(...passed)));
      };
    const self = entry.participant.locate({ xid: call.xid, seq: call.branch.seq, phase: call.phase });
    return self instanceof Promise ? self.then(runOn) : runOn(self);
  }

  private resultOf(entry: ParticipantTry, call: PhaseTwoCall): unknown {
    return call.result === undefined ? undefined : this.payloads.decode(call.result, `Result of ${entry.fullName}`);
  }
}

/** A confirm or cancel while it runs. Constructed, so that V8 allocates it with the young objects (docs/performance.md). */
class RunningPhase implements BranchExecution {
  readonly xid: string;
  readonly seq: number;
  readonly phase: PhaseTwoCall['phase'];
  readonly kind: BranchExecution['kind'];
  readonly name: string;

  constructor(
    { kind, fullName }: ParticipantTry,
    { xid, branch, phase }: PhaseTwoCall,
    readonly self: object,
    readonly method: PropertyKey,
    readonly local: LocalTransaction | undefined,
  ) {
    this.xid = xid;
    this.seq = branch.seq;
    this.phase = phase;
    this.kind = kind;
    this.name = fullName;
  }
}

type Run = (local?: LocalTransaction) => Promise<unknown>;

/** An absent phase still moves its row. */
const nothing: Run = () => Promise.resolve();
