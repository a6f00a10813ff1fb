/** The module's runtime: what decorators reach through property injection. */
export const TCC_RUNTIME = Symbol.for('nestjs-tcc:runtime');
/** The options as the application gave them. */
export const TCC_OPTIONS = Symbol.for('nestjs-tcc:options');
/** The options with defaults filled in. */
export const TCC_SETTINGS = Symbol.for('nestjs-tcc:settings');
/** The ledger in use. */
export const TCC_LEDGER = Symbol.for('nestjs-tcc:ledger');
