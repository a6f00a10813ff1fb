// The transfer as a Nest application, for all studies: two participants in two databases, and what a study adds to it.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { defineParticipant, defineTry, Tcc, TCC_LEDGER, TccModule } from 'nestjs-tcc';
import { expectOneRow } from '../workload/local-transaction.mjs';
import { ACCOUNTS, AMOUNT, TRANSFER } from '../workload/sql.mjs';

/** Name of the service in the ledger. */
export const SERVICE = 'scale';

let started = 0;

export const account = () => 1 + Math.floor(Math.random() * ACCOUNTS);

/**
 * @param {{ north: string, south: string, ledger: string }} urls
 * @param {{ options?: object, more?: import('nestjs-tcc').ParticipantDefinition[], poolSize?: number }} [with] options of
 *   the module, further participants
 */
export async function startApp(urls, { options = {}, more = [], poolSize = 20 } = {}) {
  let tcc;
  // A process may hold several of these applications, and names of data sources are global to it.
  const number = ++started;
  const place = (side) => `${side}-${number}`;
  const participant = (side) => {
    const move = (phase) => async (id, amount) => {
      const [, moved] = await tcc.branch.manager.query(TRANSFER[side][phase], [id, amount]);
      expectOneRow(moved, `${phase} of ${side}`);
    };
    const hold = defineTry({ try: move('try'), confirm: move('confirm'), cancel: move('cancel') });
    return defineParticipant(side, { dataSource: place(side), effects: 'database' }, { hold });
  };
  const north = participant('north');
  const south = participant('south');

  class ScaleModule {}
  Module({
    imports: [
      TypeOrmModule.forRoot({ name: place('north'), type: 'postgres', url: urls.north, poolSize }),
      TypeOrmModule.forRoot({ name: place('south'), type: 'postgres', url: urls.south, poolSize }),
      TccModule.forRoot({ service: SERVICE, ledger: { connection: { connectionString: urls.ledger } }, ...options }),
    ],
    providers: [
      {
        provide: 'registers the participants',
        inject: [Tcc],
        useFactory: (injected) => {
          tcc = injected;
          for (const each of [north, south, ...more]) tcc.register(each);
          return tcc;
        },
      },
    ],
  })(ScaleModule);

  const app = await NestFactory.createApplicationContext(ScaleModule, { logger: ['warn', 'error'] });
  return {
    tcc,
    ledger: app.get(TCC_LEDGER),
    transfer: () =>
      tcc.run({ name: 'transfer' }, async () => {
        await tcc.branch(north, 'hold', account(), AMOUNT);
        await tcc.branch(south, 'hold', account(), AMOUNT);
      }),
    stop: () => app.close(),
  };
}
