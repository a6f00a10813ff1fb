// The application that has the participant, in a process of its own, and beside it the same local transactions behind
// bare routes. Told by its parent where its database is; tells its port.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { defineParticipant, defineTry, Tcc, TccModule } from 'nestjs-tcc';
import pg from 'pg';
import { KEYS, SQL } from './common.mjs';

const [url] = process.argv.slice(2);
let tcc;
const move = (sql) => async (id, amount) => {
  await tcc.branch.manager.query(sql, [id, amount]);
};
const bank = defineParticipant(
  'bank',
  {},
  { move: defineTry({ try: move(SQL.try), confirm: move(SQL.confirm), cancel: move(SQL.cancel) }) },
);

class ParticipantModule {}
Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'postgres', url, poolSize: 20 }),
    TccModule.forRoot({ service: 'bank', ledger: false, remote: { keys: KEYS } }),
  ],
  providers: [
    {
      provide: 'registers the bank',
      inject: [Tcc],
      useFactory: (injected) => {
        tcc = injected;
        tcc.register(bank);
        return bank;
      },
    },
  ],
})(ParticipantModule);

const pool = new pg.Pool({ connectionString: url, max: 20 });
async function bare(phase, { xid, id }) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query({ name: phase, text: SQL[phase], values: [id, 1] });
    await client.query({ name: 'barrier', text: 'insert into hand_barrier values ($1, $2)', values: [xid, phase] });
    await client.query('commit');
  } finally {
    client.release();
  }
}

const app = await NestFactory.create(ParticipantModule, { logger: ['error'] });
// before the routes
app.useBodyParser('json');
for (const phase of ['try', 'confirm']) {
  app.getHttpAdapter().post(`/bare/${phase}`, (request, response) =>
    bare(phase, request.body).then(
      () => response.json({ done: true }),
      () => response.status(500).end(),
    ),
  );
}
await app.listen(0, '127.0.0.1');
process.once('disconnect', () => process.exit(0));
process.on('message', () => process.send({ cpu: process.cpuUsage() }));
process.send({ port: app.getHttpServer().address().port });
