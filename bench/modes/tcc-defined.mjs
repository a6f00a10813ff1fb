// nestjs-tcc without decorators: to see that they cost nothing.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { defineParticipant, defineTry, Tcc, TccModule } from 'nestjs-tcc';
import { expectOneRow } from '../workload/local-transaction.mjs';
import { AMOUNT, TRANSFER } from '../workload/sql.mjs';

/** @type {import('./modes.mjs').Start} */
export async function start({ urls, poolSize }) {
  let tcc;
  const participant = (side) => {
    const move = (phase) => async (id, amount) => {
      const [, moved] = await tcc.branch.manager.query(TRANSFER[side][phase], [id, amount]);
      expectOneRow(moved, `${phase} of ${side}`);
    };
    const hold = defineTry({ try: move('try'), confirm: move('confirm'), cancel: move('cancel') });
    return defineParticipant(side, { dataSource: side, effects: 'database' }, { hold });
  };
  const north = participant('north');
  const south = participant('south');

  class BenchModule {}
  Module({
    imports: [
      TypeOrmModule.forRoot({ name: 'north', type: 'postgres', url: urls.north, poolSize }),
      TypeOrmModule.forRoot({ name: 'south', type: 'postgres', url: urls.south, poolSize }),
      TccModule.forRoot({ service: 'bench', ledger: { connection: { connectionString: urls.ledger } } }),
    ],
    providers: [
      {
        provide: 'registers the participants',
        inject: [Tcc],
        useFactory: (injected) => {
          tcc = injected;
          tcc.register(north);
          tcc.register(south);
          return tcc;
        },
      },
    ],
  })(BenchModule);

  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['warn', 'error'] });
  return {
    transfer: ({ from, to }) =>
      tcc.run({ name: 'transfer' }, async () => {
        await tcc.branch(north, 'hold', from, AMOUNT);
        await tcc.branch(south, 'hold', to, AMOUNT);
      }),
    stop: () => app.close(),
  };
}
