// The same two tries and two confirms as participants of a global transaction.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { defineParticipant, defineTry, Tcc, TccModule } from 'nestjs-tcc';

/** @param {{ ledger: string, north: string, south: string }} urls */
export async function nestjsTcc(urls) {
  let tcc;
  const bank = (name) => {
    const move = (sql) => async (id, amount) => {
      await tcc.branch.manager.query(sql, [id, amount]);
    };
    return defineParticipant(
      name,
      { dataSource: name },
      {
        move: defineTry({
          try: move('update account set balance = balance - $2, held = held + $2 where id = $1'),
          confirm: move('update account set held = held - $2 where id = $1'),
          cancel: move('update account set balance = balance + $2, held = held - $2 where id = $1'),
        }),
      },
    );
  };
  const banks = [bank('north'), bank('south')];

  class BenchModule {}
  Module({
    imports: [
      TypeOrmModule.forRoot({ name: 'north', type: 'postgres', url: urls.north, poolSize: 20 }),
      TypeOrmModule.forRoot({ name: 'south', type: 'postgres', url: urls.south, poolSize: 20 }),
      TccModule.forRoot({ service: 'bench', ledger: { connection: { connectionString: urls.ledger } } }),
    ],
    providers: [
      {
        provide: 'registers the banks',
        inject: [Tcc],
        useFactory: (injected) => {
          tcc = injected;
          for (const each of banks) tcc.register(each);
          return banks;
        },
      },
    ],
  })(BenchModule);

  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
  return {
    transfer: (id) =>
      tcc.run({ name: 'transfer' }, async () => {
        for (const each of banks) await tcc.branch(each, 'move', id, 1);
      }),
    stop: () => app.close(),
  };
}
