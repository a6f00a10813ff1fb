export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database.js';
export { startPostgres, type EmbeddedPostgres, type PostgresOptions } from './start-postgres.js';
