import { TccError } from './tcc.error.js';

/** One mistake: where it is, what it is, what to do. */
export interface WiringMistake {
  readonly class: string;
  readonly method?: string;
  readonly problem: string;
  readonly remedy: string;
}

/**
 * Every wiring mistake that was found at boot, all in one error.
 *
 * @publicApi
 */
export class WiringError extends TccError {
  override readonly code = 'TCC_WIRING';

  constructor(readonly mistakes: readonly WiringMistake[]) {
    super(
      `${mistakes.length} wiring mistake${mistakes.length === 1 ? '' : 's'}:\n` +
        mistakes.map((m) => `  - ${m.class}${m.method ? `.${m.method}` : ''}: ${m.problem}. ${m.remedy}.`).join('\n'),
    );
  }
}
