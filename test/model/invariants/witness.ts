import type { LedgerBatch, LedgerBatchAnswer } from 'nestjs-tcc';
import type { Invariant, LedgerChange } from '../world/history.js';

/**
 * Finds nothing wrong, and remembers what happened: an exploration that never comes to the difficult places proves
 * nothing about them.
 */
export const witness = (seen: Set<string>): Invariant => ({
  name: 'witness',
  told({ code }) {
    seen.add(`caller: ${code ?? 'done'}`);
    return undefined;
  },
  ended({ delivery, answer }) {
    seen.add(`${delivery.call.phase}: ${answer}`);
    return undefined;
  },
  changed(change) {
    for (const answer of answersIn(change)) seen.add(answer);
    return undefined;
  },
});

function answersIn({ call, value }: LedgerChange): string[] {
  const late = call.state === 'adrift' ? ['ledger: took effect when nobody waited any more'] : [];
  if (value === undefined) return late;
  switch (call.method) {
    case 'handBack':
      return [...late, `handBack: ${value === true ? 'done' : 'refused'}`];
    case 'claim':
      return [...late, `claim: ${(value as readonly unknown[]).length > 0 ? 'done' : 'nothing'}`];
    case 'renew':
      return [...late, `renew: ${(value as ReadonlySet<string>).size > 0 ? 'done' : 'refused'}`];
    case 'flush':
      return [...late, ...flushed(call.args[0] as LedgerBatch, value as LedgerBatchAnswer)];
    case 'branches':
    case 'find':
    case 'release':
      return late;
  }
}

const flushed = (batch: LedgerBatch, answers: LedgerBatchAnswer): string[] => [
  ...answers.begins.map(({ answer }) => `begin: ${answer}`),
  ...answers.registers.map(({ answer }) => `register: ${answer}`),
  ...answers.decides.map((decided, index) => {
    const { to } = batch.decides[index]!;
    if (decided.answer === 'done') return `${to}: done${decided.leased ? '' : ', another drives'}`;
    return `${to}: ${decided.answer === 'refused' ? `refused, ${decided.status}` : decided.answer}`;
  }),
  ...answers.settles.map(({ answer }) => `settle: ${answer}`),
];
