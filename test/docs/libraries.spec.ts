import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TccModule } from 'nestjs-tcc';
import { settle } from 'nestjs-tcc-testing';
import { blocksOf, moduleName, writeModules } from './blocks.js';
import { createNamedDatabases } from './databases.js';

type Shares = { share(one: string, other: string, points: number): Promise<void> };

it('the example of libs/tcc/README.md takes points from both or from none', async () => {
  const document = 'libs/tcc/README.md';
  const modules = writeModules(document);
  const databases = await createNamedDatabases('loyalty');
  const [block] = blocksOf(document, 'ts');
  const { Points, Rewards } = await modules.load<{ Points: Type; Rewards: Type<Shares> }>(moduleName(block!));
  await databases.rows(
    'loyalty',
    `create table points (customer text primary key, free int);
     create table points_hold (key text primary key, customer text, points int);
     insert into points values ('ann', 30), ('bob', 15)`,
  );

  @Module({
    imports: [
      TypeOrmModule.forRoot({ name: 'loyalty', type: 'postgres', url: databases.urls['loyalty'] }),
      TccModule.forRoot({ service: 'shop', ledger: { dataSource: 'loyalty' } }),
    ],
    providers: [Points, Rewards],
  })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  const rewards = app.get(Rewards);
  await rewards.share('ann', 'bob', 10);
  await expect(rewards.share('ann', 'bob', 10)).rejects.toThrow('bob');
  await settle(app);
  expect(await databases.rows('loyalty', 'select * from points order by customer')).toEqual([
    { customer: 'ann', free: 20 },
    { customer: 'bob', free: 5 },
  ]);
  expect(await databases.rows('loyalty', 'select * from points_hold')).toEqual([]);
  await app.close();
  await databases.drop();
  modules.remove();
});

const testing = writeModules('libs/tcc-testing/README.md');
afterAll(() => testing.remove());
const holding = (text: string): string => {
  const block = blocksOf('libs/tcc-testing/README.md', 'ts').find((each) => each.text.includes(text));
  if (block === undefined) throw new Error(`no block holds ${text}`);
  return moduleName(block);
};

it('the PostgreSQL of libs/tcc-testing/README.md starts and stops', async () => {
  await expect(testing.load(holding('createTestDatabase'))).resolves.toBeDefined();
});

// a test of its own
await testing.load(holding('InMemoryBarrier'));
