import { TccError } from './tcc.error.js';

/**
 * The tables of the ledger or of a barrier are missing, older or newer than this version needs.
 *
 * @publicApi
 */
export class SchemaError extends TccError {
  override readonly code = 'TCC_SCHEMA';

  constructor(
    readonly component: 'ledger' | 'barrier',
    /** Which database, as the user names it. */
    readonly database: string,
    /** Version found; 0 when the tables are missing. */
    readonly found: number,
    readonly needed: number,
  ) {
    super(
      `The ${component} schema in ${database} is ${found === 0 ? 'missing' : `at version ${found}`}, and this version of nestjs-tcc needs ${needed}. ` +
        (found > needed
          ? 'A newer version has migrated it: deploy that version.'
          : `Set migrations: 'run', or run: node -e "import('nestjs-tcc').then((tcc) => console.log(tcc.migrationSql('${component}', ${found})))" | psql <its URL>`),
    );
  }
}
