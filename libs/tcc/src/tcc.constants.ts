/** The module's runtime: what decorators reach through property injection. */
export const TCC_RUNTIME = Symbol.for('nestjs-tcc:runtime');
/** The resolved options. */
export const TCC_OPTIONS = Symbol.for('nestjs-tcc:options');
/** The {@link LedgerPort} in use. */
export const TCC_LEDGER = Symbol.for('nestjs-tcc:ledger');
