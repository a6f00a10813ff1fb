import type { BranchWrite, RegisterAnswer } from './ledger.types.js';
import type { AnyPendingWrite, FinalAnswer, PendingWrite, WriteKind, WriteKinds } from './pending-write.js';

/** What one transaction has in one flush: one write for the ledger, made of one pending write or of several. */
export interface FlushUnit<K extends WriteKind = WriteKind> {
  readonly kind: K;
  readonly write: WriteKinds[K]['write'];
  readonly members: readonly AnyPendingWrite[];
  /** In characters of payload. */
  readonly weight: number;
  /** Answers the members; a skipped one is postponed as a whole. */
  deliver(answer: WriteKinds[K]['answer']): void;
}

/** A unit whose kind tells its types. */
export type AnyFlushUnit = { [K in WriteKind]: FlushUnit<K> }[WriteKind];

/** A begin with registrations that came before it was sent: they are written with it, so their answers follow its. */
export function beginUnit(
  begin: PendingWrite<'begin'>,
  registers: readonly PendingWrite<'register'>[],
): FlushUnit<'begin'> {
  const branches = [...begin.write.branches, ...registers.flatMap(({ write }) => write.branches)];
  return unit('begin', { ...begin.write, branches }, [begin, ...registers], weigh(branches), (answer) => {
    begin.answer(answer);
    const status = answer.answer === 'done' ? answer.status : undefined;
    const folded: FinalAnswer<'register'> = status === 'trying' ? { answer: 'done' } : { answer: 'refused', status };
    for (const register of registers) register.answer(folded);
  });
}

/** Registrations of one transaction, in order. */
export function registerUnit(
  registers: readonly [PendingWrite<'register'>, ...PendingWrite<'register'>[]],
): FlushUnit<'register'> {
  const branches = registers.flatMap(({ write }) => write.branches);
  const write = { xid: registers[0].write.xid, branches };
  return unit(
    'register',
    write,
    registers,
    weigh(branches),
    (answer: Exclude<RegisterAnswer, { answer: 'skipped' }>) => {
      for (const register of registers) register.answer(answer);
    },
  );
}

export const decideUnit = (decide: PendingWrite<'decide'>): FlushUnit<'decide'> => {
  const results = Object.values(decide.write.outcomes).reduce((sum, { result }) => sum + (result?.length ?? 0), 0);
  return unit('decide', decide.write, [decide], results, (answer) => decide.answer(answer));
};

export const settleUnit = (settle: PendingWrite<'settle'>): FlushUnit<'settle'> =>
  unit('settle', settle.write, [settle], 0, (answer) => settle.answer(answer));

function unit<K extends WriteKind>(
  kind: K,
  write: WriteKinds[K]['write'],
  members: readonly AnyPendingWrite[],
  weight: number,
  answerMembers: (answer: FinalAnswer<K>) => void,
): FlushUnit<K> {
  return {
    kind,
    write,
    members,
    weight,
    deliver: (answer) => {
      if (answer.answer === 'skipped') for (const member of members) member.postpone();
      else answerMembers(answer as FinalAnswer<K>);
    },
  };
}

/** Of branches, in characters of payload. */
export const weigh = (branches: readonly BranchWrite[]): number =>
  branches.reduce((sum, { args }) => sum + args.length, 0);
