import { createTestDatabase as create, type TestDatabase } from 'nestjs-tcc-testing';

export type { TestDatabase };

/** A database of this spec file's own: a clone of the run's template, unless another one is named. */
export function createTestDatabase(template = process.env['TCC_TEST_TEMPLATE']): Promise<TestDatabase> {
  const url = process.env['TCC_TEST_ADMIN_URL'];
  if (url === undefined || template === undefined) {
    throw new Error('No test database server: run this spec in the jest project "integration".');
  }
  // Left-overs of a killed run on a shared DATABASE_URL can be told by the template's random part.
  return create({ url, template, prefix: `t_${template.split('_').at(-1) ?? 'run'}` });
}
